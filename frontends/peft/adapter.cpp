#include "frontends/peft/adapter.h"

#include "frontends/peft/config.h"
#include "frontends/peft/keys.h"
#include "frontends/peft/naming.h"
#include "frontends/peft/nearest.h"
#include "frontends/peft/pattern.h"
#include "frontends/peft/targets.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/convert.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fnmatch.h>
#include <map>
#include <ranges>
#include <set>
#include <span>

namespace ptx::peft {

namespace {

constexpr const char *weightsName = "adapter_model.safetensors", *prefix = "base_model.model.";

std::string shapeText(std::span<const uint64_t> shape) {
  std::string text = "[";
  for (uint64_t dim : shape)
    text += (text.size() > 1 ? "," : "") + std::to_string(dim);
  return text + "]";
}

/// The tensors of one module.
struct Parts {
  std::map<Part, const TensorEntry *> tensors;
};

class Reader {
public:
  Reader(std::string directory, const Base &given, const Options &options)
      : directory(std::move(directory)), given(given), options(options) {}

  Result<Adapter> read(const std::string &name) {
    adapter.name = name;
    adapter.directory = directory;
    if (Status status = open(); !status)
      return status.error();
    if (Status status = sortTensors(); !status)
      return status.error();
    for (const auto &[module, parts] : modules)
      if (Status status = readModule(module, parts); !status)
        return status.error();
    if (Status status = checkTargets(); !status)
      return status.error();
    if (Status status = readReplacements(); !status)
      return status.error();
    if (Status status = checkTying(); !status)
      return status.error();
    noteZeroScales();
    for (Delta &delta : adapter.deltas)
      delta.module = originalModule(delta);
    for (Replacement &replacement : adapter.replacements)
      replacement.weight = naming.originalOf(replacement.weight);
    if (adapter.deltas.empty())
      return refuse("holds no factors of an adapter");
    return std::move(adapter);
  }

private:
  Error refuse(const std::string &why) const {
    return Error{"adapter '" + adapter.name + "' ('" + printable(directory) + "'): " + why};
  }

  Status open() {
    Result<JsonValue> object = readJsonObject(directory, "adapter_config.json", options.followLinks);
    if (!object)
      return object.error();
    Result<Config> read = readConfig(*object, directory + "/adapter_config.json");
    if (!read)
      return read.error();
    config = std::move(*read);
    targets = Targets::compile(config, adapter.notes);
    if (config.kind == Kind::Ia3 && options.userScale != 1)
      return refuse("is an IA3, which has no scale to multiply");
    adapter.baseModel = config.baseModel;
    adapter.peftVersion = config.version;
    std::error_code error;
    if (!std::filesystem::exists(directory + "/" + weightsName, error) &&
        std::filesystem::exists(directory + "/adapter_model.bin", error))
      return refuse("has adapter_model.bin but no adapter_model.safetensors: ptx reads no pickles; save it with "
                    "save_pretrained(..., safe_serialization=True)");
    Result<File> file = openInside(directory, weightsName, options.followLinks);
    if (!file)
      return file.error();
    Result<Safetensors> opened = Safetensors::open(std::move(*file));
    if (!opened)
      return opened.error();
    tensors.emplace(std::move(*opened));
    return {};
  }

  /// A scale of 0 is legal and rarely meant.
  void noteZeroScales() {
    auto isZero = [](const Delta &delta) { return delta.scale == 0; };
    auto first = std::find_if(adapter.deltas.begin(), adapter.deltas.end(), isZero);
    if (first == adapter.deltas.end())
      return;
    auto count = std::count_if(first, adapter.deltas.end(), isZero);
    adapter.notes.push_back(std::to_string(count) + " of " + std::to_string(adapter.deltas.size()) +
                            " deltas have scale 0 and change nothing, '" + first->module +
                            "' the first: " + first->scaleReason + " times " + std::to_string(options.userScale));
  }

  bool mayDrop(std::string_view tensor) {
    if (options.allowDrop.empty())
      return false;
    std::string name(tensor);
    for (const std::string &glob : options.allowDrop)
      if (::fnmatch(glob.c_str(), name.c_str(), 0) == 0) {
        adapter.notes.push_back("dropped tensor '" + printable(name) + "' (--allow-drop)");
        adapter.dropped.push_back(name);
        return true;
      }
    return false;
  }

  /// Every tensor belongs to a module as one of its parts, or is an error.
  Status sortTensors() {
    std::string infix = commonInfix();
    findNaming(infix);
    constexpr size_t shown = 10;
    std::string unknown; // the first of them
    size_t unknownCount = 0;
    for (const TensorEntry &entry : tensors->entries()) {
      std::optional<Key> key = parseKey(entry.name, prefix);
      bool known = key && key->infix == infix;
      if (mayDrop(entry.name)) {
        if (known)
          incomplete.insert(key->module);
        else if (const BaseWeight *left = findWeight(entry.name))
          incomplete.insert(moduleOf(left->name));
        continue;
      }
      const BaseWeight *weight = known ? nullptr : findWeight(entry.name);
      if (!known && !weight) {
        if (++unknownCount <= shown)
          unknown += "\n  '" + printable(entry.name) + "'" + hint(entry.name);
        continue;
      }
      if (!isWeightType(entry.dtype))
        return refuse("tensor '" + printable(entry.name) + "' has type " + std::string(dtypeName(entry.dtype)) +
                      ", expected F32, F16 or BF16");
      if (weight)
        whole.emplace_back(weight, &entry);
      else
        modules[key->module].tensors[key->part] = &entry;
      if (modules.size() > mostModules())
        break;
    }
    if (unknownCount == 0)
      return {};
    return refuse(std::to_string(unknownCount) + " unknown tensors:" + unknown +
                  "\n  supported are the factors of LoRA, rsLoRA, DoRA and IA3, and weights of the base, under '" +
                  prefix + "'; --allow-drop=GLOB leaves tensors out");
  }

  static std::string hint(std::string_view name) {
    if (!name.starts_with(prefix))
      return ", which does not begin with 'base_model.model.'";
    size_t stem = stemOf(name);
    return stem == name.npos
               ? ""
               : ", nearest known ending '" + nearest(std::string(name.substr(stem)), keyEndings(), 1)[0] + "'";
  }

  /// The adapter's name, where a dump from memory kept it in every key.
  std::string commonInfix() {
    std::optional<std::string> infix;
    for (const TensorEntry &entry : tensors->entries())
      if (std::optional<Key> key = parseKey(entry.name, prefix)) {
        if (infix && *infix != key->infix)
          return "";
        infix = key->infix;
      }
    if (infix && !infix->empty())
      adapter.notes.push_back("every key carries the adapter name '" + *infix + "', which was stripped");
    return infix.value_or("");
  }

  //===- modules -------------------------------------------------------------//

  /// With more of them one is not in the base, and is refused for that: of
  /// long lists no more is kept. An MHA has two, itself and its projection.
  size_t mostModules() const { return 2 * given.modules.size(); }

  void findNaming(const std::string &infix) {
    std::set<std::string> named;
    for (const TensorEntry &entry : tensors->entries())
      if (std::optional<Key> key = parseKey(entry.name, prefix);
          key && key->infix == infix && named.size() <= mostModules())
        named.insert(key->module.substr(0, key->module.rfind(".base_layer.")));
    naming = nameAs(given, {named.begin(), named.end()});
    if (!naming.note.empty())
      adapter.notes.push_back(naming.note);
  }

  /// An MHA's output projection is no module of the base by itself.
  std::string originalModule(const Delta &delta) const {
    constexpr std::string_view suffix = ".out_proj";
    if (delta.target != Target::MhaOutProj)
      return naming.originalOf(delta.module);
    return naming.originalOf(delta.module.substr(0, delta.module.size() - suffix.size())) + std::string(suffix);
  }

  const BaseModule *findBase(const std::string &path) const {
    for (const BaseModule &module : base.modules)
      if (module.path == path)
        return &module;
    return nullptr;
  }

  Error unknownModule(const std::string &module) const {
    std::vector<std::string> paths;
    for (const BaseModule &known : base.modules)
      paths.push_back(known.path);
    std::string message = "module '" + printable(module) + "' is not in the base model; nearest are";
    for (const std::string &path : nearest(module, paths, 3))
      message += " '" + path + "'";
    return refuse(message + " (does a prefix such as 'model.' or 'transformer.' differ?)");
  }

  Status readModule(const std::string &key, const Parts &parts) {
    // PEFT wraps an MHA as a whole: its output projection lies one level deeper.
    constexpr std::string_view wrapped = ".base_layer.out_proj";
    bool outProj = key.ends_with(wrapped);
    std::string owner = outProj ? key.substr(0, key.size() - wrapped.size()) : key;
    const BaseModule *module = findBase(owner);
    if (!module || (outProj && module->kind != BaseModule::Mha))
      return unknownModule(key);

    Delta delta;
    delta.module = outProj ? owner + ".out_proj" : owner;
    delta.target = outProj                                 ? Target::MhaOutProj
                   : module->kind == BaseModule::Mha       ? Target::MhaInProj
                   : module->kind == BaseModule::Embedding ? Target::Embedding
                   : module->kind == BaseModule::Conv1D    ? Target::Conv1D
                                                           : Target::Linear;
    uint64_t in = module->in, out = outProj ? module->in : module->out;
    if (Status status = checkParts(delta, parts); !status)
      return status;
    if (config.kind == Kind::Ia3) {
      Status status = readScales(delta, parts, in, out);
      adapter.deltas.push_back(std::move(delta));
      return status;
    }
    if (Status status = readFactors(delta, parts, in, out); !status)
      return status;
    if (Status status = readExtras(delta, parts, out); !status)
      return status;
    if (Status status = readScale(delta, outProj); !status)
      return status;
    adapter.deltas.push_back(std::move(delta));
    return {};
  }

  TensorRef reference(const TensorEntry &entry) const {
    std::error_code error;
    std::string path = std::filesystem::absolute(tensors->file().path(), error).lexically_normal().string();
    return {path,         std::string(entry.name), entry.dtype, {entry.shape.begin(), entry.shape.end()}, entry.begin,
            entry.bytes()};
  }

  static const TensorEntry *part(const Parts &parts, Part which) {
    auto found = parts.tensors.find(which);
    return found == parts.tensors.end() ? nullptr : found->second;
  }

  /// Only what the kind of adapter stores.
  Status checkParts(const Delta &delta, const Parts &parts) const {
    for (const auto &[which, entry] : parts.tensors)
      if ((which == Part::Scale) != (config.kind == Kind::Ia3))
        return refuse("module '" + delta.module + "': '" + printable(entry->name) + "' is no factor of " +
                      (config.kind == Kind::Ia3 ? "IA3" : "LoRA") + ", which 'peft_type' says it is");
    return {};
  }

  /// IA3 multiplies outputs, [OUT,1]; of feed-forward modules inputs, [1,IN].
  Status readScales(Delta &delta, const Parts &parts, uint64_t in, uint64_t out) {
    std::string where = "module '" + delta.module + "': ";
    if (delta.target != Target::Linear && delta.target != Target::Conv1D)
      return refuse(where + "IA3 is supported on linears only");
    const TensorEntry &scale = *part(parts, Part::Scale);
    bool isInput = scale.shape.size() == 2 && scale.shape[0] == 1 && scale.shape[1] == in;
    bool isOutput = scale.shape.size() == 2 && scale.shape[0] == out && scale.shape[1] == 1;
    Targets::Answer said = targets.namesFeedForward(delta.module);
    // Where it is not said the shape says it, which is clear but for a matrix of one input and one output.
    bool wantsInput = said == Targets::Answer::Yes || (said == Targets::Answer::Unsaid && isInput);
    if (wantsInput ? !isInput : !isOutput)
      return refuse(where + "'" + printable(scale.name) + "' has shape " + shapeText(scale.shape) + ", expected " +
                    shapeText(wantsInput ? std::array{uint64_t(1), in} : std::array{out, uint64_t(1)}) +
                    (wantsInput ? ": feedforward_modules names it" : ": feedforward_modules does not name it"));
    (wantsInput ? delta.inputScale : delta.outputScale) = reference(scale);
    return {};
  }

  Status readFactors(Delta &delta, const Parts &parts, uint64_t in, uint64_t out) {
    bool embedding = delta.target == Target::Embedding;
    const TensorEntry *a = part(parts, embedding ? Part::EmbeddingA : Part::A),
                      *b = part(parts, embedding ? Part::EmbeddingB : Part::B);
    std::string where = "module '" + delta.module + "': ";
    if (part(parts, embedding ? Part::A : Part::EmbeddingA) || part(parts, embedding ? Part::B : Part::EmbeddingB))
      return refuse(where + (embedding ? "is an embedding, but has the factors of a linear"
                                       : "is no embedding, but has the factors of one"));
    if (!a || !b)
      return refuse(where + "has factor " +
                    (a   ? "A " + shapeText(a->shape) + " but no B"
                     : b ? "B " + shapeText(b->shape) + " but no A"
                         : "neither A nor B"));
    std::string shapes = "A " + shapeText(a->shape) + " and B " + shapeText(b->shape);
    if (a->shape.size() != 2 || b->shape.size() != 2 || a->shape[0] != b->shape[1])
      return refuse(where + "factors " + shapes + " do not share a rank");
    if (a->shape[1] != in || b->shape[0] != out)
      return refuse(where + "factors " + shapes + " do not fit the base's " + shapeText(std::array{out, in}) +
                    "; is the adapter for another base? It names '" + printable(config.baseModel) + "'");
    delta.a = reference(*a);
    delta.b = reference(*b);
    delta.rank = a->shape[0];
    return {};
  }

  Status readExtras(Delta &delta, const Parts &parts, uint64_t out) {
    const TensorEntry *magnitude = part(parts, Part::Magnitude), *bias = part(parts, Part::Bias);
    std::string where = "module '" + delta.module + "': ";
    bool mha = delta.target == Target::MhaInProj || delta.target == Target::MhaOutProj;
    if (config.dora && mha)
      return refuse(where + "DoRA on nn.MultiheadAttention is not supported");
    if (config.dora != (magnitude != nullptr))
      return refuse(where + (config.dora ? "use_dora is true, but there is no lora_magnitude_vector"
                                         : "has a lora_magnitude_vector, but use_dora is false"));
    if (config.loraBias != (bias != nullptr) && !mha && delta.target != Target::Embedding)
      return refuse(where + (config.loraBias ? "lora_bias is true, but there is no lora_B.bias"
                                             : "has a lora_B.bias, but lora_bias is false"));
    if (bias && (mha || delta.target == Target::Embedding))
      return refuse(where + "a lora_B.bias is supported on linears only");
    for (auto [entry, target] : {std::pair(magnitude, &delta.magnitude), std::pair(bias, &delta.bias)}) {
      if (!entry)
        continue;
      uint64_t size = 1;
      for (uint64_t dim : entry->shape)
        size *= dim;
      if (size != out)
        return refuse(where + "'" + printable(entry->name) + "' has shape " + shapeText(entry->shape) + ", expected [" +
                      std::to_string(out) + "]");
      *target = reference(*entry);
    }
    return {};
  }

  //===- scale ---------------------------------------------------------------//

  /// The value of the first pattern, in file order, that matches the module.
  template <typename T>
  Result<std::pair<T, std::string>> byPattern(const std::vector<std::pair<std::string, T>> &patterns,
                                              const std::string &module, T otherwise) const {
    for (const auto &[key, value] : patterns) {
      Result<bool> match = keyMatches(key, module);
      if (!match)
        return refuse(match.error().message);
      if (*match)
        return std::pair(value, " (by '" + printable(key) + "')");
    }
    return std::pair(otherwise, std::string());
  }

  Status readScale(Delta &delta, bool outProj) {
    auto rank = byPattern<uint64_t>(config.rankPattern, delta.module, config.rank);
    auto alpha = byPattern<double>(config.alphaPattern, delta.module, config.alpha);
    // PEFT configures a wrapped MHA by the module's own path.
    if (outProj) {
      std::string owner = delta.module.substr(0, delta.module.size() - std::string(".out_proj").size());
      rank = byPattern<uint64_t>(config.rankPattern, owner, config.rank);
      alpha = byPattern<double>(config.alphaPattern, owner, config.alpha);
    }
    if (!rank)
      return rank.error();
    if (!alpha)
      return alpha.error();
    if (rank->first != delta.rank)
      return refuse("module '" + delta.module + "': the configuration gives rank " + std::to_string(rank->first) +
                    rank->second + ", the factors are A " + shapeText(delta.a.shape) + " and B " +
                    shapeText(delta.b.shape));
    double r = static_cast<double>(rank->first);
    double scale = alpha->first / (config.rsLora ? std::sqrt(r) : r) * options.userScale;
    delta.scaleReason = std::to_string(alpha->first) + alpha->second + (config.rsLora ? " / sqrt " : " / ") +
                        std::to_string(rank->first) + rank->second;
    if (outProj) {
      Result<bool> twice = countsTwice(delta);
      if (!twice)
        return twice.error();
      if (*twice)
        scale *= 2;
    }
    delta.scale = static_cast<float>(scale);
    if (!std::isfinite(delta.scale))
      return refuse("module '" + delta.module + "': the scale " + delta.scaleReason + " is not finite");
    if (options.userScale != 1)
      adapter.notes.push_back("'" + delta.module + "': scale " + std::to_string(delta.scale) + " = " +
                              delta.scaleReason + " times " + std::to_string(options.userScale));
    return {};
  }

  /// PEFT up to 0.21.2 adds the delta of an MHA's out_proj twice, in training
  /// and in inference (peft pull request 3774).
  Result<bool> countsTwice(const Delta &delta) {
    const TensorEntry *b = tensors->find(delta.b.name);
    std::vector<char> bytes(b->bytes());
    if (Status status = tensors->read(*b, bytes.data()); !status)
      return status.error();
    bool zero = true;
    uint64_t width = dtypeBits(b->dtype) / 8;
    for (uint64_t i = 0; zero && i < bytes.size() / width; ++i) {
      float value;
      widen(b->dtype, bytes.data() + i * width, &value, 1);
      zero = value == 0;
    }
    if (zero || options.mhaOutProj == MhaOutProj::Once)
      return false;
    bool old = config.version.empty() || !newerThanTwice(config.version);
    if (options.mhaOutProj == MhaOutProj::Auto && !old)
      return refuse("module '" + delta.module + "': PEFT " + printable(config.version) +
                    " may or may not add this delta twice: say --mha-out-proj=once or --mha-out-proj=twice");
    adapter.notes.push_back("'" + delta.module + "': the delta counts twice, as PEFT up to 0.21.2 computes it");
    return true;
  }

  /// Whether a version lies behind 0.21.2.
  static bool newerThanTwice(const std::string &version) {
    std::array<unsigned, 3> numbers = {0, 0, 0};
    const char *from = version.data(), *end = from + version.size();
    size_t read = 0;
    while (read < numbers.size() && std::from_chars(from, end, numbers[read]).ec == std::errc()) {
      ++read;
      from = std::find(from, end, '.');
      from += from != end;
    }
    if (read < 2)
      return true;
    return numbers > std::array{0u, 21u, 2u};
  }

  //===- targets -------------------------------------------------------------//

  /// What the configuration names has factors, and only that.
  Status checkTargets() {
    for (const BaseModule &module : base.modules) {
      Targets::Answer named = targets.names(module);
      bool found = modules.count(module.path) || modules.count(module.path + ".base_layer.out_proj");
      if (named == Targets::Answer::Yes && !found && !incomplete.count(module.path))
        return refuse("target_modules names '" + module.path + "', but there are no factors for it");
      if (named == Targets::Answer::No && found)
        return refuse("has factors for '" + module.path +
                      "', which target_modules does not name or the configuration "
                      "leaves out");
    }
    return {};
  }

  //===- whole tensors -------------------------------------------------------//

  /// The base's weight that a tensor stands for. PEFT puts a wrapped module's own parameters one level deeper.
  const BaseWeight *findWeight(std::string_view tensor) const {
    constexpr std::string_view wrapped = ".base_layer.";
    if (!tensor.starts_with(prefix))
      return nullptr;
    std::string name(tensor.substr(std::string_view(prefix).size()));
    if (size_t at = name.rfind(wrapped); at != std::string::npos)
      name.erase(at, wrapped.size() - 1);
    auto found =
        std::lower_bound(base.weights.begin(), base.weights.end(), name,
                         [](const BaseWeight &weight, const std::string &wanted) { return weight.name < wanted; });
    return found != base.weights.end() && found->name == name ? &*found : nullptr;
  }

  static std::string moduleOf(const std::string &weight) { return weight.substr(0, weight.rfind('.')); }
  bool isSaved(const std::string &module) const { return isInOneOf(config.saved, module); }
  bool isReplacedBias(const std::string &weight) const {
    return weight.ends_with("bias") && (config.bias == Config::Bias::All ||
                                        (config.bias == Config::Bias::LoraOnly && modules.count(moduleOf(weight))));
  }

  /// Weights beside the factors: those the configuration says were trained,
  /// and copies of the base's, which PEFT writes of embeddings.
  Status readReplacements() {
    std::set<std::string> found;
    for (auto [weight, entry] : whole) {
      found.insert(weight->name);
      if (Status status = readReplacement(*weight, *entry); !status)
        return status;
    }
    for (const BaseWeight &weight : base.weights)
      if (isSaved(moduleOf(weight.name)) && !found.count(weight.name) && !incomplete.count(moduleOf(weight.name)))
        return refuse("modules_to_save names '" + moduleOf(weight.name) + "', but there is no '" + weight.name + "'");
    if (config.bias != Config::Bias::None &&
        std::none_of(found.begin(), found.end(), [&](const std::string &name) { return isReplacedBias(name); }))
      return refuse("'bias' says that biases are replaced, but there is none");
    if (!adapter.replacements.empty())
      adapter.notes.push_back(std::to_string(adapter.replacements.size()) + " weights are replaced, '" +
                              adapter.replacements.front().weight + "' the first");
    return {};
  }

  Status readReplacement(const BaseWeight &weight, const TensorEntry &entry) {
    if (!std::ranges::equal(entry.shape, weight.shape))
      return refuse("'" + printable(entry.name) + "' has shape " + shapeText(entry.shape) + ", the base's weight has " +
                    shapeText(weight.shape));
    TensorRef own = reference(entry);
    if (isSaved(moduleOf(weight.name)) || isReplacedBias(weight.name)) {
      adapter.replacements.push_back({weight.name, own});
      return {};
    }
    Result<std::optional<uint64_t>> difference =
        firstDifference({own.file, own.dtype, own.offset, weight.values.count}, weight.values);
    if (!difference)
      return difference.error();
    if (*difference)
      return refuse("'" + printable(entry.name) + "' differs from the base's weight, first at index " +
                    std::to_string(**difference) + ", and neither modules_to_save nor 'bias' says so");
    adapter.notes.push_back("'" + printable(entry.name) + "' is a copy of the base's weight, and was left out");
    return {};
  }

  /// With ensure_weight_tying PEFT makes one delta of both; ptx does what the
  /// file says of each place, so it must say it of both.
  Status checkTying() {
    if (!config.ensureTying)
      return {};
    for (const BaseModule &module : base.modules)
      if (!module.tiedTo.empty() && modules.count(module.path) != modules.count(module.tiedTo))
        return refuse("'ensure_weight_tying' is true, and there are factors for only one of '" + module.path +
                      "' and '" + module.tiedTo + "', which share a weight: merge the adapter in PEFT");
    return {};
  }

  std::string directory;
  const Base &given;
  Naming naming;
  const Base &base = naming.base; // as the adapter's model class names it
  const Options &options;
  Config config;
  Targets targets;
  std::optional<Safetensors> tensors;
  std::map<std::string, Parts> modules;
  std::vector<std::pair<const BaseWeight *, const TensorEntry *>> whole; // tensors named as a weight of the base
  std::set<std::string> incomplete; // modules of which --allow-drop left something out
  Adapter adapter;
};

} // namespace

Result<Adapter> readAdapter(const std::string &name, const std::string &directory, const Base &base,
                            const Options &options) {
  return Reader(directory, base, options).read(name);
}

} // namespace ptx::peft
