// Ops that are a skeleton by themselves, with a region where their definition
// has gains and biases; and views of columns.
#include "passes/Conversion/XfToStage/Patterns.h"
#include "passes/Conversion/XfToStage/Regions.h"

using namespace mlir;

namespace ptx::stage {

namespace {

Value identity(OpBuilder &, Location, ValueRange args) { return args[0]; }

/// Vectors that an element meets behind its skeleton: element * scale + shift,
/// whichever of the two is there.
struct Affine {
  Value scale, shift;

  SmallVector<Value> extras() const {
    SmallVector<Value> extras;
    if (scale)
      extras.push_back(scale);
    if (shift)
      extras.push_back(shift);
    return extras;
  }

  void buildRegion(OpBuilder &builder, Location loc, Region &region) const {
    auto element = [&](OpBuilder &b, Location l, ValueRange args) {
      Value value = args[0];
      if (scale)
        value = arith::MulFOp::create(b, l, value, args[1]);
      if (shift)
        value = arith::AddFOp::create(b, l, value, args.back());
      return value;
    };
    stage::buildRegion(builder, loc, region, 1 + extras().size(), element);
  }
};

//===- Lookups -----------------------------------------------------------------===//

/// One row of a table for each index.
GatherOp gather(OpBuilder &builder, Location loc, Type type, Value table, Value index) {
  auto op = GatherOp::create(builder, loc, type, table, index, ValueRange());
  buildRegion(builder, loc, op.getBody(), 1, identity);
  return op;
}

/// An entry for each token, or for each sequence.
Type indexType(OpBuilder &builder, Attribute encoding = {}) {
  return RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type(), encoding);
}

struct EmbeddingToGather : OpConversionPattern<xf::EmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::EmbeddingOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    // Positions are an index already; ids are still [B,S], as the caller gives them.
    Value index = adaptor.getIds();
    if (xf::isIds(index.getType()))
      index = IdsOp::create(rewriter, op.getLoc(), indexType(rewriter), index, adaptor.getMask());
    Type type = typeConverter->convertType(op.getResult());
    rewriter.replaceOp(op, gather(rewriter, op.getLoc(), type, adaptor.getTable(), index));
    return success();
  }
};

struct FirstTokenToGather : OpConversionPattern<xf::FirstTokenOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::FirstTokenOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type perSequence = indexType(rewriter, PerSequenceAttr::get(op.getContext()));
    Value first = FirstRowsOp::create(rewriter, op.getLoc(), perSequence, adaptor.getMask());
    Type type = typeConverter->convertType(op.getResult());
    rewriter.replaceOp(op, gather(rewriter, op.getLoc(), type, adaptor.getX(), first));
    return success();
  }
};

//===- Linears -----------------------------------------------------------------===//

struct LinearToContract : OpConversionPattern<xf::LinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::LinearOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Affine affine{{}, adaptor.getBias()};
    auto result = ContractOp::create(rewriter, op.getLoc(), typeConverter->convertType(op.getResult()), adaptor.getX(),
                                     adaptor.getWeight(), Value(), Value(), affine.extras());
    affine.buildRegion(rewriter, op.getLoc(), result.getBody());
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// g (x W + (x A) B) + b: x A is rows as wide as the bound rank.
struct LoraLinearToContracts : OpConversionPattern<xf::LoraLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::LoraLinearOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    constexpr int64_t dynamic = ShapedType::kDynamic;
    Type rank = cast<RankedTensorType>(adaptor.getX().getType()).clone({dynamic, dynamic});
    auto u =
        ContractOp::create(rewriter, op.getLoc(), rank, adaptor.getX(), adaptor.getA(), Value(), Value(), ValueRange());
    buildRegion(rewriter, op.getLoc(), u.getBody(), 1, identity);

    Affine affine{adaptor.getGain(), adaptor.getBias()};
    auto result = ContractOp::create(rewriter, op.getLoc(), typeConverter->convertType(op.getResult()), adaptor.getX(),
                                     adaptor.getWeight(), u, adaptor.getB(), affine.extras());
    affine.buildRegion(rewriter, op.getLoc(), result.getBody());
    rewriter.replaceOp(op, result);
    return success();
  }
};

//===- What mixes columns or rows ----------------------------------------------===//

struct ConvertAttention : OpConversionPattern<xf::AttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::AttentionOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<AttentionOp>(op, typeConverter->convertType(op.getResult()), adaptor.getQuery(),
                                             adaptor.getKey(), adaptor.getValue(), adaptor.getQueryMask(),
                                             adaptor.getKeyMask(), op.getHeads(), op.getScale(), op.getCausal(),
                                             op.getProductTypeAttr());
    return success();
  }
};

struct LayerNormToRowNorm : OpConversionPattern<xf::LayerNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::LayerNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Affine affine{adaptor.getGamma(), adaptor.getBeta()};
    auto norm = NormAttr::get(op.getContext(), Norm::Layer);
    auto result = RowNormOp::create(rewriter, op.getLoc(), typeConverter->convertType(op.getResult()), norm,
                                    adaptor.getX(), op.getEpsAttr(), affine.extras());
    affine.buildRegion(rewriter, op.getLoc(), result.getBody());
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct L2NormalizeToRowNorm : OpConversionPattern<xf::L2NormalizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::L2NormalizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto norm = NormAttr::get(op.getContext(), Norm::L2);
    auto result = RowNormOp::create(rewriter, op.getLoc(), typeConverter->convertType(op.getResult()), norm,
                                    adaptor.getX(), rewriter.getF64FloatAttr(1e-12), ValueRange());
    buildRegion(rewriter, op.getLoc(), result.getBody(), 1, identity);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct ConvertPool : OpConversionPattern<xf::PoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::PoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<PoolOp>(op, typeConverter->convertType(op.getResult()), op.getKind(), adaptor.getX(),
                                        adaptor.getMask());
    return success();
  }
};

struct ConvertGreatest : OpConversionPattern<xf::GreatestOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::GreatestOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<GreatestOp>(op, typeConverter->convertType(op.getResult()), adaptor.getX());
    return success();
  }
};

struct ConvertAppend : OpConversionPattern<xf::AppendOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::AppendOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<AppendOp>(op, op.getType(), adaptor.getX(), adaptor.getCache(), adaptor.getMask());
    return success();
  }
};

//===- What moves columns ------------------------------------------------------===//

struct ConvertConcat : OpConversionPattern<xf::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::ConcatOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<ConcatOp>(op, typeConverter->convertType(op.getResult()), adaptor.getParts());
    return success();
  }
};

struct ConvertColumns : OpConversionPattern<xf::ColumnsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(xf::ColumnsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<ColumnsOp>(op, typeConverter->convertType(op.getResult()), adaptor.getX(),
                                           op.getOffset());
    return success();
  }
};

} // namespace

void populateSkeletonPatterns(RewritePatternSet &patterns, const RowTypes &types) {
  patterns.add<EmbeddingToGather, FirstTokenToGather, LinearToContract, LoraLinearToContracts, ConvertAttention,
               LayerNormToRowNorm, L2NormalizeToRowNorm, ConvertPool, ConvertGreatest, ConvertAppend, ConvertConcat,
               ConvertColumns>(types, patterns.getContext());
}

} // namespace ptx::stage
