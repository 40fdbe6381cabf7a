#include "frontends/ptx-compile/Compiler.h"

#include "frontends/common/Family.h"
#include "frontends/ptx-compile/Bundle.h"
#include "frontends/ptx-compile/CheckFinite.h"
#include "frontends/ptx-compile/CheckWeights.h"
#include "passes/Pipelines/Phases.h"
#include "passes/Target/Artifact/Manifest.h"
#include "passes/Target/Worker.h"
#include "runtime/core/manifest.h"
#include "runtime/io/failure.h"
#include "runtime/io/file.h"
#include "runtime/io/file_kind.h"
#include "runtime/io/output.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <filesystem>
#include <fnmatch.h>
#include <functional>
#include <future>
#include <map>
#include <set>

using namespace mlir;

namespace ptx {

namespace {

std::string printModule(ModuleOp module, bool locations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  if (locations) // the labels of launches travel as names of locations
    flags.enableDebugInfo(/*enable=*/true);
  module.print(stream, flags);
  return text;
}

/// What the paths of parameter files are relative to: the artifact's directory,
/// or where we are for what goes into a pipe.
std::string artifactDirectory(const std::string &output) {
  std::filesystem::path file = isStream(output) ? std::filesystem::path("artifact") : std::filesystem::path(output);
  // A link is written through: the file lies where it leads.
  std::error_code error;
  std::filesystem::path real = std::filesystem::weakly_canonical(std::filesystem::absolute(file), error);
  return (error ? std::filesystem::absolute(file).lexically_normal() : real).parent_path().string();
}

Status writeText(const std::string &path, const std::string &text) {
  llvm::outs().flush(); // what was explained before comes before
  return writeAtomically(path, [&](const Append &append) { return append(text.data(), text.size()); });
}

} // namespace

Status Compiler::run() {
  if (Status status = read(); !status)
    return status;
  if (options.checkFinite)
    if (Status status = checkFinite(parameters); !status)
      return status;
  if (Status status = lower(); !status)
    return status;
  if (!options.compileTo.empty() && options.compileTo != "emit" && !options.wantsText())
    return writeText();
  return emit();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

Status Compiler::read() {
  nowAt("reading '" + printable(options.model) + "'");
  std::error_code error;
  bool directory = std::filesystem::is_directory(options.model, error);
  if (!directory && !std::filesystem::exists(options.model, error))
    return Error{"'" + printable(options.model) + "': there is no such model directory or file"};
  Status status = directory ? readModel() : readText();
  if (status)
    status = checkEffects();
  if (status && !options.dumpDirectory.empty()) {
    std::filesystem::create_directories(options.dumpDirectory, error);
    if (error)
      return Error{"'" + printable(options.dumpDirectory) + "': cannot be made: " + error.message()};
    status = dump(phase);
  }
  return status;
}

/// What only the model tells: options without effect, and outputs that would
/// replace what is read.
Status Compiler::checkEffects() const {
  if (options.adapterModeGiven && parameters.adapters.empty())
    return Error{"--adapters=" + options.adapterMode + " has no effect without an adapter; leave it out"};
  if (!options.dtype.empty() && phase >= *findPhase("adapt"))
    return Error{"--dtype=" + options.dtype + " has no effect on the IR of phase '" + phases()[phase].name.str() +
                 "', whose contractions have their types; leave it out"};
  std::vector<std::string> inputs = {options.model, options.model + "/config.json"};
  for (const auto &[name, tensor] : parameters.weights)
    inputs.push_back(tensor.file);
  for (const AdapterOption &adapter : options.adapters)
    inputs.push_back(adapter.directory + "/adapter_config.json");
  for (const auto &[adapter, sites] : parameters.adapters)
    for (const auto &[site, delta] : sites)
      inputs.push_back(delta.a.file);
  std::vector<std::string> outputs = {options.output};
  if (options.bundle)
    outputs.push_back(bundlePath(options.output));
  for (const std::string &input : std::set<std::string>(inputs.begin(), inputs.end()))
    for (const std::string &output : outputs)
      if (isSameFile(output, input))
        return Error{"-o '" + printable(options.output) + "' would replace '" + printable(input) +
                     "', which is read; name another file"};
  return {};
}

/// A note where an adapter says it was trained on another model than this is.
/// Names are paths or hub names, and the same model lies in many places: the
/// last part counts.
static std::string otherBase(const peft::Adapter &adapter, const std::string &base) {
  auto last = [](const std::string &name) {
    std::filesystem::path path = (std::filesystem::path(name) / "").lexically_normal(); // ends in a separator
    return path.parent_path().filename().string();
  };
  if (base.empty() || adapter.baseModel.empty() || last(base) == last(adapter.baseModel))
    return "";
  return "adapter '" + adapter.name + "' was trained on '" + printable(adapter.baseModel) +
         "' (base_model_name_or_path), the model says it is '" + printable(base) + "' (_name_or_path)";
}

Status Compiler::readModel() {
  if (!options.compileFrom.empty())
    return Error{"--compile-from needs a phase dump, '" + printable(options.model) + "' is a model directory"};
  frontends::ImportOptions importOptions{options.followLinks, options.allowExtra, options.topology};
  std::string directory = std::filesystem::path(options.model).lexically_normal().string();
  while (directory.size() > 1 && directory.back() == '/')
    directory.pop_back();
  Result<frontends::ImportedModel> model = frontends::importModel(context, directory, importOptions);
  if (!model)
    return model.error();
  module = std::move(model->module);
  recordPhase(*module, phases()[phase].name);
  parameters = std::move(model->parameters);
  modelType = model->modelType;
  report.step("read '" + options.model + "': " + modelType + ", " + std::to_string(parameters.weights.size()) +
              " tensors");
  for (const std::string &note : model->notes)
    llvm::errs() << "  note: " << note << "\n";

  return readAdapters(frontends::adapterBase(*model, parameters), model->baseName);
}

Status Compiler::readAdapters(const peft::Base &base, const std::string &baseName) {
  std::vector<std::string> dropped;
  for (const AdapterOption &option : options.adapters) {
    peft::Options peftOptions;
    peftOptions.userScale = option.scale;
    peftOptions.mhaOutProj = options.mhaOutProj;
    peftOptions.allowDrop = options.allowDrop;
    peftOptions.followLinks = options.followLinks;
    Result<peft::Adapter> adapter = peft::readAdapter(option.name, option.directory, base, peftOptions);
    if (!adapter)
      return adapter.error();
    frontends::declareAdapter(*module, parameters, *adapter);
    report.step("read adapter '" + option.name + "': " + std::to_string(adapter->deltas.size()) + " deltas");
    if (std::string note = otherBase(*adapter, baseName); !note.empty())
      llvm::errs() << "  note: " << note << "\n";
    for (const std::string &note : adapter->notes)
      llvm::errs() << "  note: " << note << "\n";
    dropped.insert(dropped.end(), adapter->dropped.begin(), adapter->dropped.end());
  }
  for (const std::string &glob : options.allowDrop)
    if (std::none_of(dropped.begin(), dropped.end(),
                     [&](const std::string &name) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; }))
      llvm::errs() << "  note: --allow-drop='" << printable(glob) << "' matches no tensor of an adapter\n";
  return {};
}

/// The IR, and the phase it is the result of: what it says, else what
/// --compile-from says, else import. The two must not disagree.
Status Compiler::readIr() {
  Result<std::string> text = readWhole(options.model, 256u << 20);
  if (!text)
    return text.error();
  module = parseSourceString<ModuleOp>(*text, ParserConfig(context), options.model);
  std::string recorded = module ? recordedPhase(*module).str() : "";
  std::string from = !options.compileFrom.empty() ? options.compileFrom : recorded.empty() ? "import" : recorded;
  if (!module)
    return Error{"'" + printable(options.model) + "': does not parse as the IR of phase '" + from + "'" +
                 looksLike(std::string_view(*text).substr(0, 64))};
  if (!recorded.empty() && recorded != from)
    return Error{"--compile-from=" + from + ": '" + printable(options.model) + "' is the dump of phase '" +
                 printable(recorded) + "'"};
  std::optional<size_t> index = findPhase(from);
  if (!index)
    return Error{"'" + printable(options.model) + "' says it is the dump of phase '" + printable(from) +
                 "', which does not exist; the phases are " + phaseNames()};
  if (*index >= *findPhase("kernel"))
    return Error{"--compile-from=" + from + ": nothing is left to compile from there"};
  phase = *index;
  recordPhase(*module, from);
  return {};
}

Status Compiler::readText() {
  if (Status status = readIr(); !status)
    return status;
  if (!options.adapters.empty() && phase != *findPhase("import"))
    return Error{"--adapter has no place in '" + printable(options.model) + "', the IR of phase '" +
                 phases()[phase].name.str() + "': adapters are declared before phase 'adapt'"};
  for (const AdapterOption &option : options.adapters)
    if (module->lookupSymbol(option.name))
      return Error{"--adapter '" + option.name + "': '" + printable(options.model) + "' already declares that name"};
  if (Status status = readParameters(); !status)
    return status;
  if (Status status = checkWeights(*module, parameters); !status)
    return status;
  frontends::ImportedModel modules;
  modules.adaptable = frontends::modulesOf(*module);
  return readAdapters(frontends::adapterBase(modules, parameters), modules.baseName);
}

/// Where the weights of a file of IR lie.
Status Compiler::readParameters() {
  std::string folder = std::filesystem::path(options.model).parent_path().string();
  std::string table = (folder.empty() ? "." : folder) + "/parameters.json";
  std::error_code error;
  if (options.parameterDirectory.empty() && std::filesystem::exists(table, error)) {
    Result<ParameterTable> read = readParameterTable(table);
    if (!read)
      return read.error();
    parameters = std::move(*read);
    return {};
  }
  if (options.parameterDirectory.empty())
    return Error{"'" + printable(options.model) + "': needs its weights: --params=DIR, or 'parameters.json' beside it"};
  Result<Checkpoint> checkpoint = Checkpoint::open(options.parameterDirectory, options.followLinks);
  if (!checkpoint)
    return checkpoint.error();
  for (const Checkpoint::Entry &entry : checkpoint->entries())
    parameters.weights[std::string(entry.name)] = {checkpoint->pathOf(entry),
                                                   checkpoint->storedName(entry),
                                                   entry.dtype,
                                                   {entry.shape.begin(), entry.shape.end()},
                                                   entry.offset,
                                                   entry.bytes};
  return {};
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

Status Compiler::dump(size_t index) {
  if (options.dumpDirectory.empty())
    return {};
  char number[8];
  std::snprintf(number, sizeof number, "%02zu-", index);
  std::string base = options.dumpDirectory + "/";
  if (Status status = ptx::writeText(base + "parameters.json", writeParameterTable(parameters)); !status)
    return status;
  return ptx::writeText(base + number + phases()[index].name.str() + ".mlir", printModule(*module, /*locations=*/true));
}

/// There before its phase begins: a crash leaves it, too.
Status Compiler::writeReproducer(const PhaseOptions &phaseOptions) {
  if (options.reproducer.empty())
    return {};
  std::string pipeline = "--ptx-" + phases()[phase].name.str();
  if (phase == *findPhase("adapt"))
    pipeline += std::string("='fuse=") + (phaseOptions.fuse ? "true" : "false") +
                (phaseOptions.dtype.empty() ? "" : " dtype=" + phaseOptions.dtype) + "'";
  return ptx::writeText(options.reproducer, "// ptx-opt " + pipeline + " " + options.reproducer + "\n" +
                                                printModule(*module, /*locations=*/true));
}

/// What products are in where nothing says it, neither --dtype nor an op: the
/// type of most bytes of the weights.
std::string Compiler::storedType() const {
  bool isStated = module.get()
                      ->walk([](xf::ContractionOpInterface op) {
                        return op.getProductTypeAttr() ? WalkResult::interrupt() : WalkResult::advance();
                      })
                      .wasInterrupted();
  if (isStated)
    return "";
  std::map<DType, uint64_t, std::greater<>> bytes = {{DType::F32, 0}}; // of equals the widest
  for (const auto &[name, tensor] : parameters.weights)
    bytes[tensor.dtype] += tensor.bytes;
  auto fewer = [](const auto &a, const auto &b) { return a.second < b.second; };
  return rt::elementName(std::max_element(bytes.begin(), bytes.end(), fewer)->first).str();
}

Status Compiler::lower() {
  PhaseOptions phaseOptions;
  phaseOptions.fuse = options.adapterMode != "separate";
  if (phase < *findPhase("adapt"))
    phaseOptions.dtype = options.dtype.empty() ? storedType() : options.dtype;
  size_t plan = *findPhase("plan");
  size_t last = plan;
  // Which IR the reference interprets: that of the phase asked for, else the adapted model.
  size_t reference = std::max(phase, *findPhase("adapt"));
  if (!options.compileTo.empty()) {
    size_t asked = *findPhase(options.compileTo);
    if (options.wantsText())
      reference = asked;
    else
      last = std::min(asked, plan);
    if (asked < phase)
      return Error{"--compile-to=" + options.compileTo + " lies before --compile-from=" + options.compileFrom};
  }
  if (options.wantsText() && reference > *findPhase("merge"))
    return Error{"--target=reference interprets the phases up to merge, not '" + phases()[reference].name.str() + "'"};
  referencePhase = phases()[reference].name.str();
  if (phase == reference)
    referenceText = printModule(*module, /*locations=*/false);

  while (phase < last) {
    ++phase;
    nowAt("lowering " + sizeText() + " to '" + phases()[phase].name.str() + "'");
    if (Status status = writeReproducer(phaseOptions); !status)
      return status;
    PassManager pm(context);
    if (options.mlirFlags) {
      if (failed(applyPassManagerCLOptions(pm)))
        return Error{"the --mlir- flags do not fit together"};
      applyDefaultTimingPassManagerCLOptions(pm);
    }
    buildPhase(pm, phase, phaseOptions);
    if (failed(pm.run(*module)))
      return Error{"phase '" + phases()[phase].name.str() + "' failed" +
                   (options.reproducer.empty() ? "" : ", see '" + printable(options.reproducer) + "'")};
    if (Status status = dump(phase); !status)
      return status;
    if (phase == reference)
      referenceText = printModule(*module, /*locations=*/false);
    // The last phase that has both waves and stages.
    if (options.explain && phases()[phase].name == "stage")
      waves = waveTables(*module);
  }
  if (!options.reproducer.empty())
    std::remove(options.reproducer.c_str());
  report.step("lowered to '" + phases()[phase].name.str() + "'");
  return {};
}

Status Compiler::writeText() {
  if (options.compileTo == "kernel") {
    // The kernels of the first variant of the first target that has any.
    auto chosen = llvm::find_if(options.targets, [](auto &option) { return !option.variants.empty(); });
    if (chosen == options.targets.end())
      return Error{"--compile-to=kernel: no target asked for has kernels"};
    OwningOpRef<ModuleOp> kernels = chosen->target->generate(*module, chosen->variants.front());
    if (!kernels)
      return Error{"phase 'kernel' failed"};
    return ptx::writeText(options.output, printModule(*kernels, /*locations=*/false));
  }
  return ptx::writeText(options.output, printModule(*module, /*locations=*/true));
}

//===----------------------------------------------------------------------===//
// The artifact
//===----------------------------------------------------------------------===//

/// The kernel phase, once per variant: "07-kernel-cuda-sm_90a.ptx".
Status Compiler::dumpKernels(std::string name, const TargetCode &code) {
  std::replace(name.begin(), name.end(), '/', '-');
  char number[8];
  std::snprintf(number, sizeof number, "%02zu-", *findPhase("kernel"));
  for (const auto &[kind, text] : code.texts)
    if (Status status = ptx::writeText(options.dumpDirectory + "/" + number + "kernel-" + name + "." + kind, text);
        !status)
      return status;
  return {};
}

/// For messages: what may be too large.
std::string Compiler::sizeText() const {
  return "'" + printable(options.model) + "' with " + std::to_string(parameters.weights.size()) + " tensors and " +
         std::to_string(parameters.adapters.size()) + " adapters";
}

/// The variants asked for whose code is worth having; of several that are
/// alike, the first.
static std::vector<std::string> servingVariants(ModuleOp module, const TargetOption &option) {
  std::vector<std::string> serving;
  for (const std::string &variant : option.variants)
    if (serving.empty() || option.target->serves(module, variant))
      serving.push_back(variant);
  return serving;
}

/// Whether a target has kernels that multiply in the types asked for.
static Status checkTypes(ModuleOp module, const Target &target) {
  for (auto kernel : module.getOps<rt::KernelOp>())
    if (std::optional<Type> type = kernel.getProductType(); type && !target.multipliesIn(*type))
      return Error{"target '" + target.name().str() + "' multiplies in f32 only; the model is in " +
                   rt::elementName(rt::dtypeOf(*type)).str() + " (--dtype)"};
  return {};
}

/// Every variant of every target, side by side, each in a worker process.
Status Compiler::generate(std::vector<Payload> &payloads) {
  struct Job {
    std::string name;
    std::future<llvm::Expected<TargetCode>> code;
  };
  std::vector<Job> jobs;
  for (const TargetOption &option : options.targets) {
    if (!option.target->geometry())
      payloads.push_back({"ir/" + referencePhase, referenceText});
    else if (Status status = checkTypes(*module, *option.target); !status)
      return status;
    for (const std::string &variant : servingVariants(*module, option))
      jobs.push_back({option.target->name().str() + "/" + variant,
                      std::async(std::launch::async, [this, target = option.target, variant] {
                        WorkerOptions worker;
                        worker.keepTexts = !options.dumpDirectory.empty();
                        return compileInWorker(*module, *target, variant, options.targetFlags, worker);
                      })});
  }
  Status outcome;
  for (Job &job : jobs) {
    llvm::Expected<TargetCode> code = job.code.get();
    if (!code) {
      outcome = Error{llvm::toString(code.takeError())};
      continue;
    }
    if (options.explain && !code->notes.empty())
      llvm::outs() << code->notes;
    if (Status status = dumpKernels(job.name, *code); !status)
      outcome = status;
    payloads.push_back({job.name, std::move(code->bytes)});
  }
  if (outcome && !jobs.empty()) {
    std::string names;
    for (const Job &job : jobs)
      names += (names.empty() ? "" : ", ") + job.name;
    report.step("generated " + std::to_string(llvm::range_size(module->getOps<rt::KernelOp>())) + " kernels for " +
                names);
  }
  return outcome;
}

Status Compiler::emit() {
  ManifestOptions manifestOptions;
  manifestOptions.modelType = modelType;
  for (const TargetOption &option : options.targets)
    manifestOptions.targets.push_back(option.target);
  manifestOptions.targetFlags = options.targetFlags;
  manifestOptions.separate = options.adapterMode == "separate";
  manifestOptions.directory = artifactDirectory(options.output);

  nowAt("generating the kernels of " + sizeText());
  std::vector<Payload> payloads(1);
  if (Status status = generate(payloads); !status)
    return status;
  nowAt("writing '" + printable(options.output) + "' of " + sizeText());
  Result<std::string> manifest = writeManifest(*module, parameters, manifestOptions);
  if (!manifest)
    return manifest.error();
  payloads[0] = {"manifest", *manifest};
  std::optional<Bundle> bundle;
  if (options.bundle) {
    nowAt("packing the weights of " + sizeText());
    Result<Bundle> packed = Bundle::pack(options.output, manifestOptions.directory, payloads);
    if (!packed)
      return packed.error();
    bundle = std::move(*packed);
    payloads[0].bytes = bundle->manifest();
  }
  // What compiles, opens: the runtime's own check of what it will read.
  if (Result<Manifest> opened = readManifest(payloads[0].bytes, options.output); !opened)
    return Error{"the program would not open: " + opened.error().message};
  if (Status status = bundle ? bundle->write(payloads) : writeContainer(options.output, payloads); !status)
    return status;
  if (options.explain) {
    for (const TargetOption &option : options.targets)
      option.target->explain(*module, options.targetFlags, llvm::outs());
    explain(*module, parameters);
    if (bundle)
      explainBundle(bundle->contents());
    llvm::outs() << waves;
  }
  if (bundle)
    report.step("wrote '" + bundle->path() + "', " + std::to_string(bundle->contents().size) + " bytes");
  report.written(options.output);
  return {};
}

} // namespace ptx
