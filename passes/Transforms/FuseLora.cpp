#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace ptx {
#define GEN_PASS_DEF_FUSELORAPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

/// The merge is computed in f32, whatever the stored type is.
Type mergedType(Value weight) {
  auto type = cast<WeightType>(weight.getType());
  return WeightType::get(type.getContext(), type.getShape(), Float32Type::get(type.getContext()));
}

struct FuseLinear : OpRewritePattern<LoraLinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoraLinearOp op, PatternRewriter &rewriter) const override {
    if (!op.getSlot())
      return rewriter.notifyMatchFailure(op, "its factors are packed: they stay separate");
    // Stored [IN,OUT] it is what an embedding's table is: the transpose.
    Form form = op.getInOut() ? Form::Embedding : Form::Linear;
    Value merged =
        MergeOp::create(rewriter, op.getLoc(), mergedType(op.getWeight()), op.getWeight(), op.getSlot(), form);
    rewriter.replaceOpWithNewOp<LinearOp>(op, op.getType(), op.getX(), merged, op.getBias(), op.getInOut(),
                                          op.getRowsAttr(), op.getProductTypeAttr());
    return success();
  }
};

struct FuseEmbedding : OpRewritePattern<LoraEmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoraEmbeddingOp op, PatternRewriter &rewriter) const override {
    Value merged =
        MergeOp::create(rewriter, op.getLoc(), mergedType(op.getTable()), op.getTable(), op.getSlot(), Form::Embedding);
    rewriter.replaceOpWithNewOp<EmbeddingOp>(op, op.getType(), op.getIds(), merged, op.getMask());
    return success();
  }
};

struct FuseLora : impl::FuseLoraPassBase<FuseLora> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Scheduled)))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseLinear, FuseEmbedding>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace ptx
