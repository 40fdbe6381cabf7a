#include "passes/Pipelines/Phases.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include <iterator>

using namespace mlir;

namespace ptx {

namespace {

void buildNothing(OpPassManager &, const PhaseOptions &) {}

void buildAdapt(OpPassManager &pm, const PhaseOptions &options) {
  pm.addPass(createAttachAdaptersPass());
  if (options.fuse)
    pm.addPass(createFuseLoraPass());
  if (!options.dtype.empty())
    pm.addPass(createNarrowContractionsPass({options.dtype}));
}

void buildSchedule(OpPassManager &pm, const PhaseOptions &) {
  pm.addPass(createSplitLayersPass());
  pm.addPass(createScheduleWavesPass());
}

void buildDeploy(OpPassManager &pm, const PhaseOptions &) {
  pm.addPass(createPackWeightsPass());
  // Bodies hand their weight expressions to the callers before the callers'
  // expressions become parameters.
  pm.addPass(createHoistWeightsPass());
  pm.addPass(createOutlineParametersPass());
}

void buildStage(OpPassManager &pm, const PhaseOptions &) {
  pm.addPass(createXfToStagePass());
  pm.addPass(createFoldMergesPass());
  pm.addPass(createFuseRegionsPass());
}

void buildMerge(OpPassManager &pm, const PhaseOptions &) {
  pm.addPass(createFlattenCallsPass());
  pm.addNestedPass<xf::FunctionOp>(createMergeLaunchesPass());
  pm.addPass(createNarrowRowsPass());
}

void buildPlan(OpPassManager &pm, const PhaseOptions &) { pm.addPass(createPlanPass()); }

constexpr Phase table[] = {
    {"import", "the model as its files describe it", buildNothing},
    {"adapt", "adapters attached, and folded into the weights unless kept separate", buildAdapt},
    {"schedule", "layer calls in waves: what may run side by side", buildSchedule, /*optional=*/true},
    {"deploy", "weight expressions as parameters, computed when the model is loaded", buildDeploy},
    {"stage", "skeletons with regions, over rows", buildStage},
    {"merge", "calls flattened, the stages of a wave launched together", buildMerge},
    {"plan", "launch records, arena slots, the list of kernels", buildPlan},
    {"kernel", "kernels as vector code for a target", buildNothing},
    {"emit", "the artifact", buildNothing},
};

/// Refuses a module that says it is the result of another phase than the one
/// before, or that has no function to compile.
struct BeginPhase : PassWrapper<BeginPhase, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BeginPhase)
  explicit BeginPhase(size_t index) : index(index) {}

  StringRef getArgument() const override { return "ptx-begin-phase"; }
  StringRef getDescription() const override { return "check that the phase before has run"; }
  void runOnOperation() override {
    ModuleOp module = getOperation();
    StringRef recorded = recordedPhase(module), expected = table[index - 1].name;
    bool skipped = table[index - 1].optional && recorded == table[index - 2].name;
    if (!recorded.empty() && recorded != expected && !skipped) {
      module.emitError("is the IR of phase '")
          << recorded << "', phase '" << table[index].name << "' starts from that of '" << expected << "'";
      return signalPassFailure();
    }
    if (module.getOps<xf::FunctionOp>().empty()) {
      module.emitError("has no xf.function to compile");
      return signalPassFailure();
    }
  }

  size_t index;
};

struct EndPhase : PassWrapper<EndPhase, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EndPhase)
  explicit EndPhase(size_t index) : index(index) {}

  StringRef getArgument() const override { return "ptx-end-phase"; }
  StringRef getDescription() const override { return "note the phase that has run"; }
  void runOnOperation() override { recordPhase(getOperation(), table[index].name); }

  size_t index;
};

struct AdaptOptions : PassPipelineOptions<AdaptOptions> {
  Option<bool> fuse{*this, "fuse", llvm::cl::desc("fold adapters into the weights"), llvm::cl::init(true)};
  Option<std::string> dtype{*this, "dtype", llvm::cl::desc("what contractions multiply in: f32, f16 or bf16")};
};

} // namespace

ArrayRef<Phase> phases() { return table; }

void buildPhase(OpPassManager &pm, size_t index, const PhaseOptions &options) {
  pm.addPass(std::make_unique<BeginPhase>(index));
  table[index].build(pm, options);
  pm.addPass(std::make_unique<EndPhase>(index));
}

StringRef recordedPhase(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>(xf::XfDialect::phaseAttribute());
  return name ? name.getValue() : StringRef();
}

void recordPhase(ModuleOp module, StringRef name) {
  module->setAttr(xf::XfDialect::phaseAttribute(), StringAttr::get(module.getContext(), name));
}

std::optional<size_t> findPhase(StringRef name) {
  const Phase *found = llvm::find_if(table, [&](const Phase &phase) { return phase.name == name; });
  if (found == std::end(table))
    return std::nullopt;
  return found - std::begin(table);
}

std::string phaseNames() {
  std::string names;
  for (const Phase &phase : table)
    names += (names.empty() ? "" : ", ") + phase.name.str();
  return names;
}

void registerPhasePipelines() {
  // Static: the registry keeps the callbacks, and the table outlives it.
  for (auto [position, phase] : llvm::enumerate(table)) {
    if (phase.build == buildNothing)
      continue;
    size_t index = position;
    std::string flag = "ptx-" + phase.name.str();
    if (phase.build == buildAdapt) {
      PassPipelineRegistration<AdaptOptions>(flag, phase.summary,
                                             [index](OpPassManager &pm, const AdaptOptions &options) {
                                               buildPhase(pm, index, {options.fuse, options.dtype});
                                             });
      continue;
    }
    PassPipelineRegistration<>(flag, phase.summary, [index](OpPassManager &pm) { buildPhase(pm, index, {}); });
  }
}

} // namespace ptx
