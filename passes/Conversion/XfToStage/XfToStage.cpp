// From [B,S,D] tensors to skeletons over rows: a mask becomes the row table of
// its tokens, activations become rows of that table.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/XfToStage/Patterns.h"
#include "passes/Passes.h"

namespace ptx {
#define GEN_PASS_DEF_XFTOSTAGEPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

/// Stages, and what is above them: weights, parameters, and functions whose
/// values have types of rows.
void describeTarget(ConversionTarget &target, const stage::RowTypes &types) {
  target.addLegalDialect<stage::StageDialect, arith::ArithDialect, math::MathDialect>();
  target.addLegalOp<ModuleOp, xf::WeightOp, xf::AdapterOp, xf::ParameterOp, xf::HistoryOp, xf::CacheOp, xf::FunctionOp,
                    xf::InputOp, xf::GetOp, xf::StateOp>();
  // What parameters are made of is not computed from rows.
  target.markOpRecursivelyLegal<xf::AdapterOp, xf::ParameterOp>();
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp body) {
    return types.isSignatureLegal(body.getFunctionType()) && types.isLegal(&body.getBody());
  });
  target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp, xf::WaveOp, xf::YieldOp>(
      [&](Operation *op) { return types.isLegal(op); });
  // In a region it adds elements, before that activations.
  target.addDynamicallyLegalOp<arith::AddFOp>([](arith::AddFOp op) { return op.getType().isF32(); });
}

/// Everything that could stop the conversion, whose own error would say less.
LogicalResult checkConvertible(Operation *op, const ConversionTarget &target, const FrozenRewritePatternSet &patterns) {
  if (!target.isLegal(op) && !patterns.getOpSpecificNativePatterns().contains(op->getName()))
    return op->emitError("has no stage: the stage phase does not know it");
  if (auto embedding = dyn_cast<xf::EmbeddingOp>(op))
    if (!isa_and_present<xf::InputOp, xf::PositionsOp>(embedding.getIds().getDefiningOp()))
      return embedding.emitOpError("reads ids that are neither an input nor positions");
  if (auto output = dyn_cast<xf::OutputOp>(op)) {
    if (output.getMask() && !xf::isSequence(output.getValue().getType()))
      return output.emitOpError("has a value per sequence, which takes no mask");
    if (!output.getMask() && !stage::maskOfSequences(output.getValue()))
      return output.emitOpError("without a mask needs a value per sequence");
  }
  return success();
}

struct XfToStage : impl::XfToStagePassBase<XfToStage> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Deployed)))
      return signalPassFailure();
    stage::RowTypes types;
    ConversionTarget target(getContext());
    describeTarget(target, types);
    RewritePatternSet patterns(&getContext());
    stage::populateStructurePatterns(patterns, types);
    stage::populateSkeletonPatterns(patterns, types);
    stage::populateElementwisePatterns(patterns, types);

    FrozenRewritePatternSet frozen(std::move(patterns));
    WalkResult walked = module.walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
      if (failed(checkConvertible(op, target, frozen)))
        return WalkResult::interrupt();
      return isa<xf::AdapterOp, xf::ParameterOp>(op) ? WalkResult::skip() : WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    stage::setRowsPerSequence(module);
    if (failed(applyFullConversion(module, target, frozen)))
      signalPassFailure();
  }
};

} // namespace
} // namespace ptx
