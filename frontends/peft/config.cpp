#include "frontends/peft/config.h"

#include "runtime/io/file.h"

#include <algorithm>
#include <string_view>

namespace ptx::peft {

namespace {

// Training and placement only.
constexpr std::string_view ignored[] = {
    "inference_mode", "lora_dropout",      "megatron_config", "megatron_core", "runtime_config",
    "auto_mapping",   "loftq_config",      "eva_config",      "corda_config",  "lora_ga_config",
    "velora_config",  "qalora_group_size", "revision",        "task_type",     "peft_type",
};

// What each would change, for the message.
struct Refused {
  std::string_view key, effect;
};
constexpr Refused refused[] = {
    {"use_qalora", "the adapter reads pooled inputs"},
    {"use_bdlora", "the factors are block diagonal"},
    {"arrow_config", "a router chooses adapters per token"},
    {"monteclora_config", "the factors are sampled"},
    {"layer_replication", "layers are repeated"},
    {"target_parameters", "parameters outside modules are adapted"},
    {"alora_invocation_tokens", "the adapter begins at a token"},
    {"kasa_config", "the delta has a diagonal factor"},
    {"trainable_token_indices", "rows of an embedding are replaced"},
};

constexpr std::pair<std::string_view, Kind> kinds[] = {{"LORA", Kind::Lora}, {"IA3", Kind::Ia3}};

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

class Reader {
public:
  Reader(const JsonValue &object, const std::string &path) : object(object), path(path) {}

  Result<Config> read() {
    if (Status status = checkKind(); !status)
      return status.error();
    for (const auto &[key, value] : *object.asObject())
      if (Status status = readKey(key, value); !status)
        return status.error();
    return std::move(config);
  }

private:
  Error refuse(const std::string &why) const { return Error{"'" + printable(path) + "': " + why}; }
  Error mismatch(const std::string &key, const JsonValue &value, const char *expected) const {
    return refuse("'" + printable(key) + "' is " + show(value) + ", expected " + expected);
  }

  /// PEFT says peft_type; AdapterHub uses the same file name with another schema.
  Status checkKind() {
    const JsonValue *type = object.find("peft_type"), *version = object.find("version");
    bool hub = object.find("config") && object.find("config")->asObject() && version && version->asString() &&
               version->asString()->starts_with("adapters.");
    if (hub)
      return refuse("is an AdapterHub adapter; supported are PEFT's LoRA adapters");
    if (!type || !type->asString())
      return refuse("has no 'peft_type': it is neither a PEFT nor an AdapterHub configuration");
    for (const auto &[name, kind] : kinds)
      if (*type->asString() == name) {
        config.kind = kind;
        return {};
      }
    return refuse("'peft_type' is " + show(*type) + ", supported are \"LORA\" (LoRA, rsLoRA, DoRA) and \"IA3\"");
  }

  Status readKey(const std::string &key, const JsonValue &value) {
    if (config.kind == Kind::Ia3 && key == "feedforward_modules")
      return readNames(key, value, config.feedForward);
    if (config.kind == Kind::Ia3 && key == "init_ia3_weights")
      return {};
    if (config.kind == Kind::Lora && (key == "r" || key == "lora_alpha"))
      return readSize(key, value);
    if (key == "rank_pattern" || key == "alpha_pattern")
      return readPattern(key, value);
    if (key == "target_modules")
      return readNames(key, value, config.targets);
    if (key == "exclude_modules")
      return readNames(key, value, config.excluded);
    if (key == "modules_to_save")
      return value.isNull() ? Status() : readStrings(key, value, config.saved);
    if (key == "layers_to_transform")
      return readLayers(key, value);
    if (key == "layers_pattern")
      return readLayerNames(key, value);
    for (auto [name, flag] :
         {std::pair("use_rslora", &config.rsLora), std::pair("use_dora", &config.dora),
          std::pair("lora_bias", &config.loraBias), std::pair("fan_in_fan_out", &config.fanInFanOut),
          std::pair("ensure_weight_tying", &config.ensureTying)})
      if (key == name) {
        if (!value.asBool() && !value.isNull())
          return mismatch(key, value, "true or false");
        *flag = value.asBool() && *value.asBool();
        return {};
      }
    for (auto [name, text] :
         {std::pair("base_model_name_or_path", &config.baseModel), std::pair("peft_version", &config.version)})
      if (key == name) {
        *text = value.asString() ? *value.asString() : "";
        return {};
      }
    if (key == "bias") {
      static const std::pair<const char *, Config::Bias> known[] = {
          {"none", Config::Bias::None}, {"all", Config::Bias::All}, {"lora_only", Config::Bias::LoraOnly}};
      for (const auto &[name, which] : known)
        if (value.asString() && *value.asString() == name) {
          config.bias = which;
          return {};
        }
      return mismatch(key, value, "\"none\", \"all\" or \"lora_only\"");
    }
    if (key == "init_lora_weights")
      return checkInit(value);
    for (const Refused &entry : refused)
      if (key == entry.key) {
        if (isNeutral(value))
          return {};
        return refuse("'" + key + "' is " + show(value) + ": " + std::string(entry.effect) +
                      ", which is not supported; merge the adapter in PEFT");
      }
    if (std::find(std::begin(ignored), std::end(ignored), key) != std::end(ignored) || isNeutral(value))
      return {};
    return refuse("unknown key '" + printable(key) + "' with value " + show(value) +
                  ": what it changes is not known; merge the adapter in PEFT or remove the key");
  }

  Status readSize(const std::string &key, const JsonValue &value) {
    if (key == "r") {
      std::optional<uint64_t> rank = value.asUint();
      if (!rank || *rank == 0 || *rank > 1 << 16)
        return mismatch(key, value, "a rank from 1 to 65536");
      config.rank = *rank;
      return {};
    }
    if (!value.asNumber())
      return mismatch(key, value, "a number");
    config.alpha = *value.asNumber();
    return {};
  }

  Status readPattern(const std::string &key, const JsonValue &value) {
    if (value.isNull())
      return {};
    if (!value.asObject())
      return mismatch(key, value, "an object of module patterns");
    for (const auto &[pattern, entry] : *value.asObject()) {
      std::string where = key + "' at '" + printable(pattern);
      if (key == "alpha_pattern") {
        if (!entry.asNumber())
          return mismatch(where, entry, "a number");
        config.alphaPattern.emplace_back(pattern, *entry.asNumber());
      } else {
        if (!entry.asUint() || *entry.asUint() == 0 || *entry.asUint() > 1 << 16)
          return mismatch(where, entry, "a rank from 1 to 65536");
        config.rankPattern.emplace_back(pattern, *entry.asUint());
      }
    }
    return {};
  }

  Status readNames(const std::string &key, const JsonValue &value, NameSet &names) {
    if (value.asString()) {
      names.pattern = *value.asString();
      return {};
    }
    return value.isNull() ? Status() : readStrings(key, value, names.list);
  }

  Status readStrings(const std::string &key, const JsonValue &value, std::vector<std::string> &names) {
    if (!value.asArray())
      return mismatch(key, value, "a list of names or a pattern");
    for (const JsonValue &entry : *value.asArray()) {
      if (!entry.asString())
        return mismatch(key, entry, "names");
      names.push_back(*entry.asString());
    }
    return {};
  }

  Status readLayers(const std::string &key, const JsonValue &value) {
    if (value.isNull())
      return {};
    constexpr const char *expected = "the number of a layer, or a list of such";
    config.layers.emplace();
    if (std::optional<uint64_t> only = value.asUint()) {
      config.layers->push_back(*only);
      return {};
    }
    if (!value.asArray())
      return mismatch(key, value, expected);
    for (const JsonValue &entry : *value.asArray()) {
      if (!entry.asUint())
        return mismatch(key, entry, expected);
      config.layers->push_back(*entry.asUint());
    }
    return {};
  }

  Status readLayerNames(const std::string &key, const JsonValue &value) {
    if (value.isNull())
      return {};
    if (value.asString()) {
      if (!value.asString()->empty())
        config.layerNames.push_back(*value.asString());
      return {};
    }
    return readStrings(key, value, config.layerNames);
  }

  /// These inits move part of W into the factors: the adapter fits only that mutated base.
  Status checkInit(const JsonValue &value) {
    const std::string *name = value.asString();
    if (!name || *name == "gaussian" || *name == "eva" || *name == "orthogonal")
      return {};
    return refuse("'init_lora_weights' is " + show(value) +
                  ": its training changed the base weights; convert the adapter on saving (PEFT's "
                  "path_initial_model_for_weight_conversion) or merge it in PEFT");
  }

  const JsonValue &object;
  const std::string &path;
  Config config;
};

} // namespace

Result<Config> readConfig(const JsonValue &object, const std::string &path) { return Reader(object, path).read(); }

} // namespace ptx::peft
