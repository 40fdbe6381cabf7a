// Row tables, outputs, and the ops that hold others. Layers, their calls and
// returns have patterns upstream.
#include "passes/Conversion/XfToStage/Patterns.h"

#include "mlir/Dialect/Func/Transforms/FuncConversions.h"

using namespace mlir;

namespace ptx::stage {

Value maskOfSequences(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto pool = dyn_cast<xf::PoolOp>(op))
      return pool.getMask();
    if (auto first = dyn_cast<xf::FirstTokenOp>(op))
      return first.getMask();
    if (isa<func::CallOp, xf::WaveOp>(op) || !op->getNumOperands())
      return {};
    // What is computed from one row per sequence has one row per sequence.
    value = op->getOperand(0);
  }
  return {};
}

namespace {

struct VisibleToSpace : OpConversionPattern<xf::VisibleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::VisibleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<SpaceOp>(op, SpaceType::get(op.getContext()), adaptor.getSource(), op.getMaxLength(),
                                         op.getKeepFirst(), op.getBeginsAttr(), op.getContinuesAttr());
    return success();
  }
};

struct ConvertHeld : OpConversionPattern<xf::HeldOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::HeldOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<HeldOp>(op, SpaceType::get(op.getContext()), op.getHistory(), adaptor.getMask());
    return success();
  }
};

struct RecallToView : OpConversionPattern<xf::RecallOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::RecallOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<RecallOp>(op, typeConverter->convertType(op.getResult()), adaptor.getCache(),
                                          adaptor.getMask());
    return success();
  }
};

struct ConvertPositions : OpConversionPattern<xf::PositionsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::PositionsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<PositionsOp>(op, typeConverter->convertType(op.getResult()), adaptor.getMask());
    return success();
  }
};

struct ConvertOutput : OpConversionPattern<xf::OutputOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::OutputOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    // A value per sequence says no mask: its space is where it was pooled.
    Value mask = op.getMask() ? Value(op.getMask()) : maskOfSequences(op.getValue());
    rewriter.replaceOpWithNewOp<OutputOp>(op, op.getName(), adaptor.getValue(), rewriter.getRemappedValue(mask),
                                          op.getOnRequest());
    return success();
  }
};

struct ConvertWave : OpConversionPattern<xf::WaveOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::WaveOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> types;
    if (failed(typeConverter->convertTypes(op.getResultTypes(), types)))
      return rewriter.notifyMatchFailure(op, "a result has no type of rows");
    auto wave = xf::WaveOp::create(rewriter, op.getLoc(), types);
    rewriter.inlineRegionBefore(op.getBody(), wave.getBody(), wave.getBody().end());
    rewriter.replaceOp(op, wave.getResults());
    return success();
  }
};

struct ConvertYield : OpConversionPattern<xf::YieldOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::YieldOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.modifyOpInPlace(op, [&] { op->setOperands(adaptor.getValues()); });
    return success();
  }
};

} // namespace

void populateStructurePatterns(RewritePatternSet &patterns, const RowTypes &types) {
  patterns.add<VisibleToSpace, ConvertHeld, RecallToView, ConvertPositions, ConvertOutput, ConvertWave, ConvertYield>(
      types, patterns.getContext());
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
  populateCallOpTypeConversionPattern(patterns, types);
  populateReturnOpTypeConversionPattern(patterns, types);
}

} // namespace ptx::stage
