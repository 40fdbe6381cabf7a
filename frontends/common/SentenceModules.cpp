#include "frontends/common/SentenceModules.h"

#include "frontends/common/ConfigReader.h"
#include "runtime/io/file_kind.h"

#include <algorithm>
#include <filesystem>

namespace ptx::frontends {

namespace {

constexpr std::string_view prefix = "sentence_transformers.";
constexpr const char *configName = "config.json";

/// A mode as it is called since 5.4, and by the flag before. The rows of several
/// stand one after the other: of flags in this order, of names in theirs.
struct Mode {
  const char *name, *flag;
  Pooling pooling;
};
const Mode modes[] = {{"cls", "pooling_mode_cls_token", Pooling::firstToken()},
                      {"max", "pooling_mode_max_tokens", {xf::Pooling::Max}},
                      {"mean", "pooling_mode_mean_tokens", {xf::Pooling::Mean}},
                      {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", {xf::Pooling::MeanSqrtLength}},
                      {"weightedmean", "pooling_mode_weightedmean_tokens", {xf::Pooling::WeightedMean}},
                      {"lasttoken", "pooling_mode_lasttoken", {xf::Pooling::Last}}};

struct Activation {
  const char *name;
  std::optional<xf::ActivationKind> kind;
};
const Activation activations[] = {{"torch.nn.modules.linear.Identity", {}},
                                  {"torch.nn.modules.activation.Tanh", xf::ActivationKind::Tanh},
                                  {"torch.nn.modules.activation.ReLU", xf::ActivationKind::Relu},
                                  {"torch.nn.modules.activation.GELU", xf::ActivationKind::Gelu},
                                  {"torch.nn.modules.activation.SiLU", xf::ActivationKind::Silu}};

bool isNeutral(const JsonValue &value) {
  return value.isNull() || (value.asBool() && !*value.asBool()) || (value.asObject() && value.asObject()->empty()) ||
         (value.asArray() && value.asArray()->empty());
}

std::string show(const JsonValue &value) {
  if (value.asString())
    return "\"" + printable(*value.asString()) + "\"";
  if (value.asBool())
    return *value.asBool() ? "true" : "false";
  if (std::optional<int64_t> integer = value.asInt())
    return std::to_string(*integer);
  return std::string(value.kind());
}

class ModulesReader {
public:
  ModulesReader(const std::string &directory, bool followLinks) : directory(directory), followLinks(followLinks) {}

  Result<std::optional<SentenceModules>> read() {
    Result<File> file = openInside(directory, "modules.json", followLinks);
    if (!file)
      return file.error();
    modulesFile = file->path();
    Result<JsonValue> list = parseJson(TextSource(*file), modulesFile, JsonDialect::Python);
    if (!list)
      return Error{list.error().message + looksUnlikeJson(*file)};
    if (!list->asArray())
      return refuse("is " + std::string(list->kind()) + ", expected a list of modules");
    for (const JsonValue &module : *list->asArray())
      if (Status status = readModule(module); !status)
        return status.error();
    if (modules.transformer.empty())
      return refuse("names no Transformer");
    return std::optional(std::move(modules));
  }

private:
  Error refuse(const std::string &why) const { return Error{"'" + printable(modulesFile) + "': " + why}; }
  static Error refuseIn(const std::string &file, const std::string &why) {
    return Error{"'" + printable(file) + "': " + why};
  }

  Status readModule(const JsonValue &module) {
    const JsonValue *type = module.find("type"), *path = module.find("path");
    if (!type || !type->asString() || !path || !path->asString())
      return refuse("a module has no 'type' and 'path'");
    for (const auto &[key, value] : *module.asObject())
      if (key != "idx" && key != "name" && key != "path" && key != "type" && !isNeutral(value))
        return refuse("a module has the unknown key '" + printable(key) + "' with value " + show(value));
    const std::string &name = *path->asString(), &full = *type->asString();
    if (name.find_first_of("/\\") != std::string::npos || name.starts_with("."))
      return refuse("the module path '" + printable(name) + "' is not a plain name");
    std::string kind = full.substr(full.rfind('.') + 1);
    if (!full.starts_with(prefix))
      return refuse("module type '" + printable(full) + "' is code of the model's own, which is never run");
    bool first = modules.transformer.empty();
    if ((kind == "Transformer") != first)
      return refuse(first ? "module '" + printable(kind) + "' stands in front of the Transformer"
                          : "names two Transformers");
    if (first) {
      modules.transformer = name.empty() ? directory : directory + "/" + name;
      return {};
    }
    if (kind == "Pooling" && modules.pooling.empty())
      return readPooling(name);
    if (modules.pooling.empty() || (kind != "Normalize" && kind != "Dense" && kind != "LayerNorm"))
      return refuse("module '" + printable(kind) +
                    "' is not supported here: a Transformer, a Pooling, then Dense, LayerNorm and Normalize are");
    return readStep(kind, name);
  }

  Status readPooling(const std::string &name) {
    modules.poolingFile = directory + "/" + name + "/" + configName;
    Result<JsonValue> config = readJsonObject(directory + "/" + name, configName, followLinks);
    if (!config)
      return config.error();
    std::vector<const Mode *> chosen;
    for (const auto &[key, value] : *config->asObject())
      if (Status status = readPoolingKey(key, value); !status)
        return status;
    if (const JsonValue *names = config->find("pooling_mode")) {
      if (Status status = readModeNames(*names, chosen); !status)
        return status;
    } else {
      for (const Mode &mode : modes)
        if (const JsonValue *flag = config->find(mode.flag); flag && *flag->asBool())
          chosen.push_back(&mode);
    }
    const Mode &mean = modes[2];
    bool meanSaid = config->find("pooling_mode") || config->find(mean.flag);
    if (chosen.empty() && !meanSaid)
      chosen.push_back(&mean); // the class's default
    if (chosen.empty())
      return refuseIn(modules.poolingFile, "every pooling mode is false");
    if (!meanSaid && (chosen.size() > 1 || chosen[0] != &mean))
      return refuseIn(modules.poolingFile, "'" + std::string(chosen[0]->flag) + "' is true and '" + mean.flag +
                                               "' is absent, which sentence-transformers reads as true before 5.4 "
                                               "and as false since: say which");
    for (const Mode *mode : chosen)
      modules.pooling.push_back(mode->pooling);
    return {};
  }

  Status readPoolingKey(const std::string &key, const JsonValue &value) {
    const std::string &file = modules.poolingFile;
    if (key == "word_embedding_dimension" || key == "embedding_dimension") {
      if (!value.asInt() || *value.asInt() < 1)
        return refuseIn(file, "'" + key + "' is " + show(value) + ", expected a width");
      modules.width = *value.asInt();
      return {};
    }
    if (key == "include_prompt") {
      if (value.isNull() || (value.asBool() && *value.asBool()))
        return {};
      return refuseIn(file,
                      "'include_prompt' is " + show(value) + ": leaving the prompt's tokens out is not supported");
    }
    if (key == "pooling_mode")
      return {};
    for (const Mode &mode : modes)
      if (key == mode.flag) {
        if (!value.asBool())
          return refuseIn(file, "'" + key + "' is " + show(value) + ", expected true or false");
        return {};
      }
    if (isNeutral(value))
      return {};
    return refuseIn(file, "unknown key '" + printable(key) + "' with value " + show(value));
  }

  Status readModeNames(const JsonValue &value, std::vector<const Mode *> &chosen) {
    std::vector<JsonValue> names = value.asArray() ? *value.asArray() : std::vector<JsonValue>{value};
    std::string supported;
    for (const Mode &mode : modes)
      supported += (supported.empty() ? "" : ", ") + std::string(mode.name);
    constexpr size_t most = 64;
    if (names.size() > most)
      return refuseIn(modules.poolingFile, "'pooling_mode' names " + std::to_string(names.size()) + " modes, at most " +
                                               std::to_string(most) + " are read");
    for (const JsonValue &name : names) {
      auto known = std::find_if(std::begin(modes), std::end(modes),
                                [&](const Mode &mode) { return name.asString() && *name.asString() == mode.name; });
      if (known == std::end(modes))
        return refuseIn(modules.poolingFile, "'pooling_mode' is " + show(name) + ", supported are " + supported);
      chosen.push_back(&*known);
    }
    return {};
  }

  Status readStep(const std::string &kind, const std::string &name) {
    SentenceStep step;
    step.name = name;
    step.kind = kind == "Dense"       ? SentenceStep::Dense
                : kind == "LayerNorm" ? SentenceStep::LayerNorm
                                      : SentenceStep::Normalize;
    std::string folder = directory + "/" + name;
    std::error_code error;
    bool configured = std::filesystem::exists(folder + "/" + configName, error);
    if (step.kind == SentenceStep::Normalize && !configured)
      return add(std::move(step));
    Result<JsonValue> config = readJsonObject(folder, configName, followLinks);
    if (!config)
      return refuse("module '" + kind + "': " + config.error().message);
    ConfigReader reader(*config, folder + "/" + configName);
    readStepConfig(step, reader, *config);
    if (Status status = reader.status(); !status)
      return status;
    if (step.kind == SentenceStep::Normalize)
      return add(std::move(step));
    Result<Checkpoint> weights = Checkpoint::open(folder, followLinks);
    if (!weights)
      return weights.error();
    step.weights = std::make_shared<const Checkpoint>(std::move(*weights));
    return add(std::move(step));
  }

  static void readStepConfig(SentenceStep &step, ConfigReader &reader, const JsonValue &config) {
    std::vector<std::string> known = {"module_input_name", "module_output_name"};
    for (const std::string &key : known)
      if (std::string name = reader.text(key.c_str(), "sentence_embedding"); name != "sentence_embedding")
        reader.fail("'" + key + "' is \"" + printable(name) + "\", expected \"sentence_embedding\"");
    if (step.kind == SentenceStep::Dense) {
      step.in = reader.integer("in_features", std::nullopt, 1, 1 << 20);
      step.out = reader.integer("out_features", std::nullopt, 1, 1 << 20);
      step.bias = reader.boolean("bias", true);
      step.activation = readActivation(reader);
      known.insert(known.end(), {"in_features", "out_features", "bias", "activation_function"});
    } else if (step.kind == SentenceStep::LayerNorm) {
      step.in = step.out = reader.integer("dimension", std::nullopt, 1, 1 << 20);
      known.push_back("dimension");
    }
    for (const auto &[key, value] : *config.asObject())
      if (std::find(known.begin(), known.end(), key) == known.end() && !isNeutral(value))
        reader.fail("unknown key '" + printable(key) + "' with value " + show(value));
  }

  static std::optional<xf::ActivationKind> readActivation(ConfigReader &reader) {
    std::string name = reader.text("activation_function", "torch.nn.modules.activation.Tanh"), supported;
    for (const Activation &activation : activations) {
      if (name == activation.name)
        return activation.kind;
      supported += (supported.empty() ? "" : ", ") + std::string(activation.name);
    }
    reader.fail("'activation_function' is \"" + printable(name) + "\", supported are " + supported);
    return std::nullopt;
  }

  Status add(SentenceStep step) {
    modules.steps.push_back(std::move(step));
    return {};
  }

  const std::string &directory;
  bool followLinks;
  std::string modulesFile;
  SentenceModules modules;
};

} // namespace

Result<std::optional<SentenceModules>> readSentenceModules(const std::string &directory, bool followLinks) {
  std::error_code error;
  if (!std::filesystem::exists(directory + "/modules.json", error))
    return std::optional<SentenceModules>();
  return ModulesReader(directory, followLinks).read();
}

} // namespace ptx::frontends
