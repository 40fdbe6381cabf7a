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

def NarrowContractionsPass : Pass<"xf-narrow-contractions", "::mlir::ModuleOp"> {
  let summary = "choose the type that linears and attentions multiply in";
  let description = [{
    What `--dtype` says. Products then have operands of that type, activations
    as well as weights; sums, norms, softmax and the residual stream stay f32.

    Before: `%y = xf.linear %x, %w : ...`; after: `%y = xf.linear %x, %w in bf16 : ...`.
  }];
  let options = [Option<"type", "type", "std::string", /*default=*/"\"f32\"", "f32, f16 or bf16">];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

//===- schedule --------------------------------------------------------------===//

def SplitLayersPass : Pass<"xf-split-layers", "::mlir::ModuleOp"> {
  let summary = "cut a layer call in two where a part of it can run in an earlier wave";
  let description = [{
    A call whose activations are not all there at the same wave waits for the
    last of them, though a part of its body may not need it: the first decoder
    layer's self-attention reads the target alone, its cross-attention the
    memory. The call becomes two calls, of the part that needs no late operand
    and of the rest, if the rest takes fewer launches than the whole body. What
    only the rest reads stays there unless that costs it a launch. Equal cuts
    share their bodies; calls that gain nothing keep the body they share.

    Before:
    ```mlir
    %m = func.call @encoder_layer(%x, ...)
    %y = func.call @decoder_layer(%t, %m, ...)
    ```
    After:
    ```mlir
    %m = func.call @encoder_layer(%x, ...)
    %h = func.call @decoder_layer_early(%t, ...)
    %y = func.call @decoder_layer_late(%h, %m, ...)
    ```
    Postcondition: bodies that nothing calls any more are gone.
  }];
  let dependentDialects = ["::ptx::xf::XfDialect"];
}

def ScheduleWavesPass : Pass<"xf-schedule-waves", "::mlir::ModuleOp"> {
  let summary = "order layer calls by dependence instead of program order, in waves";
  let description = [{
    The wave of a call is one more than the latest wave it reads from. In a
    P-Transformer decoder layer i reads encoder layer i, so encoder layer i+1
    and decoder layer i share a wave and N+N layers take N+1 waves. Within a
    wave the call with most launches stands first. What is no call stands
    behind the wave it reads from. Calls that are in waves already stay there.

    Before:
    ```mlir
    %m0 = func.call @encoder_layer(%x, ...)
    %y0 = func.call @decoder_layer(%t, %m0, ...)
    %m1 = func.call @encoder_layer(%m0, ...)
    ```
    After:
    ```mlir
    %m0 = xf.wave { func.call @encoder_layer(%x, ...) }
    %y0, %m1 = xf.wave { func.call @decoder_layer(%t, %m0, ...); func.call @encoder_layer(%m0, ...) }
    ```
    Postcondition: every call of a function is in a wave. Nothing else decides
    which layers run side by side: without this pass each call runs alone.
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
  let description = [{
    A dialect conversion: a mask becomes the row table of its tokens, activations
    [B,S,D] rows of that table, values [B,D] rows per sequence, each op the
    skeleton, and the region, that computes it.
    ```mlir
    %m = xf.visible %mask max_length 9 : tensor<?x?xi1> -> tensor<?x?xi1>
    %y = xf.activation relu %x : tensor<?x?x8xf32>
    xf.output "out" %y where %m : tensor<?x?x8xf32>, tensor<?x?xi1>
    ```
    becomes
    ```mlir
    %s = stage.space %mask max_length 9 : tensor<?x?xi1> -> !stage.space
    %y = stage.map %x {
    ^bb0(%e: f32):
      %zero = arith.constant 0.0 : f32
      %0 = arith.maximumf %e, %zero : f32
      xf.yield %0 : f32
    } : tensor<?x8xf32> -> tensor<?x8xf32>
    stage.output "out" %y over %s : tensor<?x8xf32>, !stage.space
    ```
    (test/passes/Conversion/xf_to_stage.mlir). Postcondition: no value is [B,S,D]
    or [B,D] any more, but inputs; a value per sequence is an output only where
    the function itself says whose sequences (xf_to_stage_invalid.mlir).
  }];
  let dependentDialects = ["::ptx::stage::StageDialect", "::mlir::func::FuncDialect"];
}

def FoldMergesPass : Pass<"stage-fold-merges", "::mlir::ModuleOp"> {
  let summary = "make merges in parameters stages over the packed base";
  let description = [{
    A parameter that packs `xf.merge` of a weight becomes `stage.fold` of three
    others: the packed weight without an adapter, A^T as a table (one for every
    site) and s B as a matrix. Binding an adapter then reads no stored weight.
    The base is of the type that is packed where that holds the stored values,
    else of theirs. Where some adapter is a DoRA the fold is scaled by a gain,
    `stage.fold_norm` of the same three and the magnitudes, which is also what
    `xf.output_gain` becomes; IA3's scales multiply by output and by input;
    `xf.merge_bias` becomes a fold of vectors.
    Postcondition: what a fold reads is declared before it; parameters that are
    computed alike are one; no merge is left. It is an error where a merge is not
    packed by itself the way its factors lie.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
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
  let summary = "replace calls of layer bodies by the stages inside them";
  let description = [{
    The stages of a call stay in its wave. A call in no wave gets one of its
    own: it may run beside nothing.

    Before: `%y = func.call @layer(%x)`;
    after: `%y = xf.wave { %0 = stage.contract %x ...; %1 = stage.row_norm %0 ... }`.
    Postcondition: no calls and no bodies.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

def MergeLaunchesPass : Pass<"stage-merge-launches", "::ptx::xf::FunctionOp"> {
  let summary = "join stages of one skeleton that one wave allows into one launch";
  let description = [{
    List scheduling within each wave, and within the stages between two waves:
    each stage goes to the first launch of its skeleton after everything it
    reads. The two layers of a wave meet in the same launches; stages of two
    waves never do, whether they depend on each other or not.

    Before:
    ```mlir
    xf.wave { %0 = stage.contract %a ...; %1 = stage.contract %b ... }
    xf.wave { %2 = stage.contract %c ... }
    ```
    After:
    ```mlir
    stage.launch { %0 = stage.contract %a ...; %1 = stage.contract %b ... }
    stage.launch { %2 = stage.contract %c ... }
    ```
    Precondition: no calls. Postcondition: every stage is in a launch; no waves.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

def NarrowRowsPass : Pass<"stage-narrow-rows", "::mlir::ModuleOp"> {
  let summary = "store rows in the type that all their readers multiply them in";
  let description = [{
    Rows that are read only to be multiplied in f16 or bf16 are rounded where
    they are made, once, and not by every reader: half the memory, the same
    results. Rows that something else reads too (a residual, a norm, an output)
    stay f32, and so do those of an odd number of columns. A cache whose rows
    every function multiplies in one such type is of it likewise.

    Before:
    ```mlir
    %h = stage.launch -> tensor<?x64xf32> { %0 = stage.contract %x, %w1 ... -> tensor<?x64xf32> ... }
    %y = stage.launch -> tensor<?x16xf32> { %0 = stage.contract %h, %w2 ... !xf.packed<matrix, 16x64xbf16> ... }
    ```
    After: `%h` is of `tensor<?x64xbf16>`.
  }];
  let dependentDialects = ["::ptx::stage::StageDialect"];
}

//===- plan ------------------------------------------------------------------===//

def PlanPass : Pass<"convert-stage-to-rt", "::mlir::ModuleOp"> {
  let summary = "launch records, arena slots and the list of kernels";
  let dependentDialects = ["::ptx::rt::RtDialect"];
}

#endif // PTX_PASSES
