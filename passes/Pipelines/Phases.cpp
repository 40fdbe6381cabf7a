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
  pm.addPass(createFuseRegionsPass());
}

void buildMerge(OpPassManager &pm, const PhaseOptions &) {
  pm.addPass(createFlattenCallsPass());
  pm.addNestedPass<xf::FunctionOp>(createMergeLaunchesPass());
}

void buildPlan(OpPassManager &pm, const PhaseOptions &) { pm.addPass(createPlanPass()); }

constexpr Phase table[] = {
    {"import", "the model as its files describe it", buildNothing},
    {"adapt", "adapters attached, and folded into the weights unless kept separate", buildAdapt},
    {"schedule", "layer calls in waves: what may run side by side", buildSchedule},
    {"deploy", "weight expressions as parameters, computed when the model is loaded", buildDeploy},
    {"stage", "skeletons with regions, over rows", buildStage},
    {"merge", "calls flattened, the stages of a wave launched together", buildMerge},
    {"plan", "launch records, arena slots, the list of kernels", buildPlan},
    {"kernel", "kernels as vector code for a target", buildNothing},
    {"emit", "the artifact", buildNothing},
};

struct AdaptOptions : PassPipelineOptions<AdaptOptions> {
  Option<bool> fuse{*this, "fuse", llvm::cl::desc("fold adapters into the weights"), llvm::cl::init(true)};
};

} // namespace

ArrayRef<Phase> phases() { return table; }

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
  for (const Phase &phase : table) {
    if (phase.build == buildNothing)
      continue;
    std::string flag = "ptx-" + phase.name.str();
    if (phase.build == buildAdapt) {
      PassPipelineRegistration<AdaptOptions>(
          flag, phase.summary, [](OpPassManager &pm, const AdaptOptions &options) { buildAdapt(pm, {options.fuse}); });
      continue;
    }
    const Phase *entry = &phase;
    PassPipelineRegistration<>(flag, phase.summary, [entry](OpPassManager &pm) { entry->build(pm, {}); });
  }
}

} // namespace ptx
