// Ops that compute each element from those of their operands: an op is the
// region of a map.
#include "passes/Conversion/XfToStage/Patterns.h"
#include "passes/Conversion/XfToStage/Regions.h"

using namespace mlir;

namespace ptx::stage {

namespace {

//===- What an op does to an element -------------------------------------------===//

Value elementOf(xf::ActivationOp op, OpBuilder &b, Location loc, ValueRange args) {
  return buildActivation(b, loc, op.getKind(), args[0]);
}

Value elementOf(xf::ScaleOp op, OpBuilder &b, Location loc, ValueRange args) {
  return arith::MulFOp::create(b, loc, args[0], buildConstant(b, loc, op.getFactor().convertToDouble()));
}

Value elementOf(xf::GainOp, OpBuilder &b, Location loc, ValueRange args) {
  return arith::MulFOp::create(b, loc, args[0], args[1]);
}

Value elementOf(arith::AddFOp, OpBuilder &b, Location loc, ValueRange args) {
  return arith::AddFOp::create(b, loc, args[0], args[1]);
}

//===- The pattern -------------------------------------------------------------===//

template <typename Op> struct ToMap : OpConversionPattern<Op> {
  using OpConversionPattern<Op>::OpConversionPattern;

  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ValueRange operands = adaptor.getOperands();
    auto map = MapOp::create(rewriter, op.getLoc(), this->typeConverter->convertType(op.getResult()), operands.front(),
                             operands.drop_front());
    buildRegion(rewriter, op.getLoc(), map.getBody(), operands.size(),
                [&](OpBuilder &b, Location loc, ValueRange args) { return elementOf(op, b, loc, args); });
    rewriter.replaceOp(op, map);
    return success();
  }
};

} // namespace

void populateElementwisePatterns(RewritePatternSet &patterns, const RowTypes &types) {
  patterns.add<ToMap<xf::ActivationOp>, ToMap<xf::ScaleOp>, ToMap<xf::GainOp>, ToMap<arith::AddFOp>>(
      types, patterns.getContext());
}

} // namespace ptx::stage
