#include "passes/Target/Artifact/Manifest.h"

#include "dialects/rt/IR/RtDialect.h"
#include "dialects/xf/IR/XfGeneration.h"
#include "passes/Target/Artifact/DeployTable.h"
#include "passes/Target/Artifact/TensorList.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <nlohmann/json.hpp>

using namespace mlir;
using Json = nlohmann::ordered_json;

namespace ptx {

namespace {

std::string text(StringRef value) { return value.str(); }

/// Writes the programs of a module.
class ProgramWriter {
public:
  ProgramWriter(ModuleOp module, const DeployTable &deploy) : deploy(deploy) {
    for (auto history : module.getOps<xf::HistoryOp>())
      histories.try_emplace(history.getSymName(), histories.size());
    for (auto cache : module.getOps<xf::CacheOp>())
      caches.try_emplace(cache.getSymName(), caches.size());
    for (auto kernel : module.getOps<rt::KernelOp>()) {
      numbers.try_emplace(kernel.getSymName(), numbers.size());
      kernels.try_emplace(kernel.getSymName(), kernel);
    }
  }

  Json write(rt::ProgramOp program) {
    Json inputs = Json::array(), spaces = Json::array(), buffers = Json::array(), outputs = Json::array(),
         launches = Json::array();
    number<rt::InputType>(program);
    number<rt::SpaceType>(program);
    number<rt::BufferType>(program);
    for (Operation &op : program.getBody().front())
      TypeSwitch<Operation *>(&op)
          .Case<rt::InputOp>([&](auto input) { inputs.push_back(write(input)); })
          .Case<rt::SpaceOp, rt::HeldOp>([&](auto space) { spaces.push_back(write(space)); })
          .Case<rt::BufferOp>([&](auto buffer) { buffers.push_back(write(buffer)); })
          .Case<rt::OutputOp>([&](auto output) { outputs.push_back(write(output)); })
          .Case<rt::LaunchOp>([&](auto launch) { launches.push_back(write(launch)); });
    return {{"name", text(program.getSymName())}, {"inputs", inputs},   {"spaces", spaces},    {"buffers", buffers},
            {"slots", program.getSlots()},        {"outputs", outputs}, {"launches", launches}};
  }

  Json writeHistories(ModuleOp module) const {
    Json list = Json::array();
    for (auto history : module.getOps<xf::HistoryOp>())
      list.push_back({{"name", text(history.getSymName())}, {"max_length", history.getMaxLength()}});
    return list;
  }

  Json writeCaches(ModuleOp module) const {
    Json list = Json::array();
    for (auto cache : module.getOps<xf::CacheOp>()) {
      auto type = cast<xf::CacheType>(cache.getType());
      list.push_back({{"name", text(cache.getSymName())},
                      {"history", histories.lookup(cache.getHistory())},
                      {"width", type.getWidth()}});
      if (DType element = rt::dtypeOf(type.getElementType()); element != DType::F32)
        list.back()["dtype"] = std::string(dtypeName(element));
    }
    return list;
  }

  /// The launches that compute parameters.
  Json writeDeploy(ModuleOp module) {
    Json launches = Json::array();
    for (auto deploy : module.getOps<rt::DeployOp>())
      for (auto launch : deploy.getBody().front().getOps<rt::LaunchOp>())
        launches.push_back(write(launch));
    return launches;
  }

private:
  /// Values are numbers in the artifact, in the order of their kind.
  template <typename Type> void number(rt::ProgramOp program) {
    size_t index = 0;
    for (Operation &op : program.getBody().front())
      if (op.getNumResults() == 1 && isa<Type>(op.getResult(0).getType()))
        places[op.getResult(0)] = index++;
  }
  size_t numberOf(Value value) const { return places.lookup(value); }

  static Json names(ArrayAttr attributes) {
    Json list = Json::array();
    for (Attribute name : attributes)
      list.push_back(text(cast<StringAttr>(name).getValue()));
    return list;
  }

  Json write(const rt::Window &window) { return Json::array({numberOf(window.buffer), window.column, window.width}); }

  /// The space whose rows an input's ids lie in.
  static Value spaceOf(rt::InputOp op) {
    for (OpOperand &use : op.getResult().getUses())
      if (auto space = dyn_cast<rt::SpaceOp>(use.getOwner()); space && llvm::is_contained(space.getInputs(), use.get()))
        return space.getResult();
    llvm_unreachable("every input is of one space");
  }

  static rt::InputOp inputNamed(rt::ProgramOp program, StringRef name) {
    auto inputs = program.getBody().front().getOps<rt::InputOp>();
    return *llvm::find_if(inputs, [&](rt::InputOp input) { return input.getName() == name; });
  }

  Json write(rt::InputOp op) {
    Json input = {{"name", text(op.getName())},
                  {"kind", op.getMask() ? "mask" : "ids"},
                  {"dims", names(op.getDims())},
                  {"space", numberOf(spaceOf(op))}};
    if (op.getLimit())
      input["limit"] = *op.getLimit();
    input["optional"] = op.getMask() || op.getDefaultValue() || op.getCounting();
    if (op.getDefaultValue())
      input["default"] = *op.getDefaultValue();
    if (op.getCounting())
      input["counting"] = numberOf(inputNamed(op->getParentOfType<rt::ProgramOp>(), *op.getCounting()).getResult());
    return input;
  }

  Json write(rt::SpaceOp op) {
    Json space = {{"name", text(op.getName())},
                  {"dims", names(op.getDims())},
                  {"mask", op.getMask() ? static_cast<int64_t>(numberOf(op.getMask())) : -1},
                  {"keep_first", op.getKeepFirst()},
                  {"max_length", op.getMaxLength()}};
    if (FlatSymbolRefAttr history = op.getHistory())
      space[op.getBegins() ? "begins" : "continues"] = histories.lookup(history.getValue());
    return space;
  }

  Json write(rt::HeldOp op) {
    Json space = {{"held", histories.lookup(op.getHistory())}, {"of", numberOf(op.getSpace())}};
    if (op.getChunk())
      space["chunk"] = op.getChunk();
    return space;
  }

  Json write(rt::BufferOp op) {
    Json buffer = op.getCache() ? Json{{"cache", caches.lookup(*op.getCache())}} : Json{{"slot", *op.getSlot()}};
    buffer.update(
        {{"space", numberOf(op.getSpace())}, {"per", text(rt::stringifyEnum(op.getPer()))}, {"width", op.getWidth()}});
    if (op.getElement() != DType::F32)
      buffer["dtype"] = std::string(dtypeName(op.getElement()));
    return buffer;
  }

  Json write(rt::OutputOp op) {
    auto buffer = op.getBuffer().getDefiningOp<rt::BufferOp>();
    Json output = {{"name", text(op.getName())},
                   {"buffer", numberOf(op.getBuffer())},
                   {"column", op.getColumn()},
                   {"width", op.getWidth()},
                   {"space", numberOf(buffer.getSpace())},
                   {"per", text(rt::stringifyEnum(buffer.getPer()))}};
    if (op.getOnRequest())
      output["on_request"] = true;
    return output;
  }

  Json write(rt::LaunchOp launch) {
    Json problems = Json::array();
    for (auto problem : launch.getBody().front().getOps<rt::ProblemOp>())
      problems.push_back(write(problem));
    return {{"label", text(launch.getLabel())}, {"problems", problems}};
  }

  Json sites(FlatSymbolRefAttr site) { return Json::array({deploy.siteIndex(site.getValue())}); }

  Json write(rt::ProblemOp op) {
    Json problem = {{"kernel", static_cast<int64_t>(numbers.lookup(op.getKernel()))}, {"label", text(op.getLabel())}};
    if (op.getCount())
      problem["count"] = *op.getCount();
    else
      problem["space"] = numberOf(op.getSpace());
    problem.update({{"over", text(rt::stringifyEnum(op.getOver()))}});
    if (op.getColumnSiteAttr())
      problem["columns"] = {{"rank", sites(op.getColumnSiteAttr())}};
    else
      problem["columns"] = op.getColumns();
    problem["flops"] = op.getFlops();
    problem["bytes"] = op.getBytes();
    if (op.getPerKey())
      problem["per_key"] = true;
    if (op.getGuardAttr())
      problem["guard"] = sites(op.getGuardAttr());
    if (op.getKeySpace())
      problem["keys"] = numberOf(op.getKeySpace());
    if (op.getWhen())
      problem["when"] = text(rt::stringifyEnum(*op.getWhen()));
    problem["args"] = Json::array();
    for (auto [word, value] : op.getArgs())
      problem["args"].push_back(write(word, value));
    rt::Touched touched = op.getTouched(kernels.lookup(op.getKernel()));
    problem["reads"] = Json::array();
    for (const rt::Window &window : touched.reads)
      problem["reads"].push_back(write(window));
    problem["writes"] = Json::array();
    if (touched.write)
      problem["writes"].push_back(write(*touched.write));
    return problem;
  }

  Json write(Attribute word, Value value) {
    return TypeSwitch<Attribute, Json>(word)
        .Case<rt::BufferArgAttr>([&](auto arg) { return Json::array({"buffer", numberOf(value), arg.getColumn()}); })
        .Case<rt::IntArgAttr>([](auto arg) { return Json::array({"int", arg.getValue()}); })
        .Case<rt::PitchArgAttr>([](auto arg) { return Json::array({"pitch", arg.getWidth()}); })
        .Case<rt::ParameterArgAttr>(
            [&](auto arg) { return Json::array({"parameter", deploy.parameterIndex(arg.getParameter().getValue())}); })
        .Case<rt::IdsArgAttr>([&](auto) { return Json::array({"ids", numberOf(value)}); })
        .Case<rt::RowsArgAttr>(
            [&](auto arg) { return Json::array({"rows", numberOf(value), text(rt::stringifyEnum(arg.getField()))}); })
        .Case<rt::RankArgAttr>([&](auto arg) { return Json::array({"rank", sites(arg.getSite())}); });
  }

  const DeployTable &deploy;
  llvm::StringMap<size_t> histories, caches;
  llvm::StringMap<size_t> numbers; // of kernels
  llvm::StringMap<rt::KernelOp> kernels;
  DenseMap<Value, size_t> places;
};

Json writeKernels(ModuleOp module) {
  Json kernels = Json::array();
  for (auto kernel : module.getOps<rt::KernelOp>()) {
    Json words = Json::array();
    for (const words::Word &word : kernel.getSignature()) {
      words.push_back(Json::array({word.name, std::string(words::nameOf(word.type))}));
      if (word.element != DType::F32)
        words.back().push_back(std::string(dtypeName(word.element)));
    }
    kernels.push_back({{"name", text(kernel.getSymName())}, {"words", words}});
  }
  return kernels;
}

Json writeEntries(ModuleOp module) {
  Json entries = Json::array();
  for (auto entry : module.getOps<rt::EntryOp>()) {
    Json members = Json::array();
    for (auto member : entry.getKernels().getAsRange<FlatSymbolRefAttr>())
      members.push_back(member.getValue().str());
    entries.push_back({{"name", text(entry.getSymName())}, {"kernels", members}});
  }
  return entries;
}

Json writeMetadata(const Metadata &metadata) {
  Json object = Json::object();
  for (const auto &[key, value] : metadata)
    object[key] = value;
  return object;
}

/// The ids of generation that the model names.
Json writeGeneration(const GenerationIds &ids) {
  Json json = Json::object();
  for (auto [name, id] :
       {std::pair("start", &ids.start), std::pair("pad", &ids.pad), std::pair("forced_first", &ids.forcedFirst)})
    if (*id)
      json[name] = **id;
  for (auto [name, list] : {std::pair("eos", &ids.eos), std::pair("forced_last", &ids.forcedLast)})
    if (!list->empty())
      json[name] = *list;
  if (!ids.badWords.empty())
    json["bad_words"] = ids.badWords;
  return json;
}

/// How a target lays out memory, and what it keeps about kernels and entries.
Json writeTarget(ModuleOp module, const Target &target, const TargetFlags &flags) {
  Json json = {{"name", target.name().str()}};
  std::optional<Geometry> geometry = target.geometry();
  if (!geometry)
    return json;
  json["geometry"] = {{"matrix", geometry->matrix == MatrixLayout::Panels ? "panels" : "rows"},
                      {"lanes", geometry->lanes},
                      {"odd_pitch", geometry->oddPitch},
                      {"block_rows", geometry->blockRows}};
  json["kernels"] = Json::array();
  for (auto kernel : module.getOps<rt::KernelOp>())
    json["kernels"].push_back(writeMetadata(target.describe(kernel, flags)));
  json["entries"] = Json::array();
  for (auto entry : module.getOps<rt::EntryOp>())
    json["entries"].push_back(writeMetadata(target.describe(entry, module)));
  return json;
}

} // namespace

Result<std::string> writeManifest(ModuleOp module, const ParameterTable &table, const ManifestOptions &options) {
  TensorList tensors(options.directory);
  Result<DeployTable> deploy = DeployTable::build(module, table, tensors);
  if (!deploy)
    return deploy.error();
  ProgramWriter writer(module, *deploy);
  Json targets = Json::array();
  for (const Target *target : options.targets)
    targets.push_back(writeTarget(module, *target, options.targetFlags));
  Json functions = Json::array();
  for (auto program : module.getOps<rt::ProgramOp>())
    functions.push_back(writer.write(program));
  Json manifest = {{"format", {{"major", 2}, {"minor", 3}}},
                   {"producer", "ptx 0.1.0"},
                   {"model", options.modelType},
                   {"adapters_mode", options.separate ? "separate" : "fuse"},
                   {"targets", targets},
                   {"files", tensors.files()},
                   {"tensors", tensors.tensors()},
                   {"sites", deploy->sites()},
                   {"adapters", deploy->adapters()},
                   {"parameters", deploy->parameters()},
                   {"kernels", writeKernels(module)},
                   {"entries", writeEntries(module)},
                   {"functions", functions}};
  if (Json histories = writer.writeHistories(module); !histories.empty()) {
    manifest["histories"] = histories;
    manifest["caches"] = writer.writeCaches(module);
  }
  if (Json launches = writer.writeDeploy(module); !launches.empty())
    manifest["deploy"] = launches;
  if (std::optional<GenerationIds> ids = xf::generationOf(module))
    manifest["generation"] = writeGeneration(*ids);
  return manifest.dump();
}

} // namespace ptx
