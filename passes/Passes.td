// Every pass of ptx, in the order of the phases.
#ifndef PTX_PASSES
#define PTX_PASSES

include "mlir/Pass/PassBase.td"

//===- adapt -----------------------------------------------------------------===//

def AttachAdaptersPass : Pass<"xf-attach-adapters", "::mlir::ModuleOp"> {
  let summary = "put the declared adapters on the linears and embeddings they target";
  let description = [{
    For every weight that a delta of some adapter names, the linears and
    embeddings that read it become their lora forms with a slot. A layer body
    gains one slot argument per adapted weight; calls whose weight no adapter
    touches pass a slot that is never filled, so all layers keep one body.

    Before: `%y = xf.linear %x, %w`; after: `%y = xf.lora_linear %x, %w with %slot`.
  }];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

def FuseLoraPass : Pass<"xf-fuse-lora", "::mlir::ModuleOp"> {
  let summary = "rewrite x W + s (x A) B into x (W + s A B)";
  let description = [{
    The merged weight is an expression over weights only, so the deploy phase
    computes it once, when an adapter is bound. Postcondition: no lora op is left.
  }];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

//===- schedule --------------------------------------------------------------===//

def ScheduleWavesPass : Pass<"xf-schedule-waves", "::ptx::xf::FunctionOp"> {
  let summary = "order layer calls by dependence instead of program order, in waves";
  let description = [{
    The wave of a call is one more than the latest wave it reads from. In a
    P-Transformer decoder layer i reads encoder layer i, so encoder layer i+1
    and decoder layer i share a wave and N+N layers take N+1 waves.
  }];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

//===- deploy ----------------------------------------------------------------===//

def PackWeightsPass : Pass<"xf-pack-weights", "::mlir::ModuleOp"> {
  let summary = "make every weight operand an explicit packed parameter";
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

def HoistWeightsPass : Pass<"xf-hoist-weights", "::mlir::ModuleOp"> {
  let summary = "move what depends only on weights out of the layer bodies to their callers";
  let description = [{
    Postcondition: bodies take activations, masks and packed parameters, no weights and no slots.
  }];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

def OutlineParametersPass : Pass<"xf-outline-parameters", "::mlir::ModuleOp"> {
  let summary = "turn every packed weight expression into a parameter of the deploy function";
  let description = "Equal expressions become one parameter.";
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

//===- stage -----------------------------------------------------------------===//

def XfToStagePass : Pass<"convert-xf-to-stage", "::mlir::ModuleOp"> {
  let summary = "from [B,S,D] tensors to skeletons over rows";
  let dependentDialects = ["::ptx::stage::StageDialect", "::mlir::func::FuncDialect"];
}

def FuseRegionsPass : Pass<"stage-fuse-regions", "::mlir::ModuleOp"> {
  let summary = "move element-wise maps into the region of the skeleton that feeds them";
  let description = [{
    A map whose operand has no other reader joins the producer's region: bias,
    activation, residual and scale then happen while the element is in a
    register. A gather that feeds only another gather joins it.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

//===- merge -----------------------------------------------------------------===//

def FlattenCallsPass : Pass<"stage-flatten-calls", "::mlir::ModuleOp"> {
  let summary = "replace calls of layer bodies and waves by the stages inside them";
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

def MergeLaunchesPass : Pass<"stage-merge-launches", "::ptx::xf::FunctionOp"> {
  let summary = "join stages of one skeleton that do not depend on each other into one launch";
  let description = [{
    List scheduling: each stage goes to the first launch of its skeleton after
    everything it reads. The two layers of a wave meet in the same launches.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

//===- plan ------------------------------------------------------------------===//

def PlanPass : Pass<"convert-stage-to-rt", "::mlir::ModuleOp"> {
  let summary = "launch records, arena slots and the list of kernels";
  let dependentDialects = ["::ptx::rt::RtDialect"];
}

#endif // PTX_PASSES
