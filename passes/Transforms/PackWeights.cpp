#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"

namespace ptx {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

/// Packs weights in front of the op that reads them.
struct Packer {
  OpBuilder builder;
  Location loc;
  Type productType; // of matrices

  explicit Packer(Operation *reader) : builder(reader), loc(reader->getLoc()), productType(builder.getF32Type()) {
    if (auto contraction = dyn_cast<ContractionOpInterface>(reader))
      productType = xf::productType(contraction.getProductTypeAttr(), reader->getContext());
  }

  PackedType typeOf(Layout layout, int64_t rows, int64_t columns) {
    Type element = layout == Layout::Matrix ? productType : builder.getF32Type();
    return PackedType::get(builder.getContext(), layout, rows, columns, element);
  }

  /// A table of what is stored keeps its type, which is exact; what is computed is f32.
  PackedType tableOf(Value weight, int64_t rows, int64_t columns) {
    Type stored = cast<WeightType>(weight.getType()).getElementType();
    bool isNarrow = weight.getDefiningOp<UseOp>() && columns % 2 == 0;
    return PackedType::get(builder.getContext(), Layout::Table, rows, columns,
                           isNarrow ? stored : builder.getF32Type());
  }

  Value pack(Value weight, Layout layout, bool inOut = false, DenseI64ArrayAttr rows = {}) {
    auto type = dyn_cast_or_null<WeightType>(weight ? weight.getType() : Type());
    if (!type)
      return weight;
    int64_t n = type.getShape()[0], k = type.getShape().size() > 1 ? type.getShape()[1] : 1;
    if (inOut)
      std::swap(n, k);
    if (rows)
      n = rows[1] - rows[0];
    PackedType packed = layout == Layout::Table ? tableOf(weight, n, k) : typeOf(layout, n, k);
    return PackOp::create(builder, loc, packed, weight, inOut, rows);
  }

  Value matrix(Value weight, bool inOut, DenseI64ArrayAttr rows) { return pack(weight, Layout::Matrix, inOut, rows); }
  Value vector(Value weight, DenseI64ArrayAttr rows = {}) { return pack(weight, Layout::Vector, false, rows); }
  Value table(Value weight) { return pack(weight, Layout::Table); }
};

void packLinear(LinearOp op) {
  Packer packer(op);
  DenseI64ArrayAttr rows = op.getRowsAttr();
  Value weight = packer.matrix(op.getWeight(), op.getInOut(), rows);
  Value bias = packer.vector(op.getBias(), rows);
  op.getWeightMutable().assign(weight);
  if (bias)
    op.getBiasMutable().assign(bias);
  op.setInOut(false);
  op.removeRowsAttr();
}

void packLoraLinear(LoraLinearOp op) {
  Packer packer(op);
  DenseI64ArrayAttr rows = op.getRowsAttr();
  auto slot = cast<LowRankType>(op.getSlot().getType());
  int64_t out = rows ? rows[1] - rows[0] : slot.getOut();
  MLIRContext *context = op.getContext();
  Value gain, x = op.getX();
  if (op.getScalesInputs()) {
    Value scale =
        FactorVectorOp::create(packer.builder, packer.loc, PackedType::get(context, Layout::Vector, slot.getIn(), 1),
                               Factor::InputScale, op.getSlot(), DenseI64ArrayAttr());
    x = GainOp::create(packer.builder, packer.loc, x.getType(), x, scale);
  }
  if (op.getScaled()) {
    Type column = WeightType::get(context, {slot.getOut()}, packer.builder.getF32Type());
    gain = packer.vector(OutputGainOp::create(packer.builder, packer.loc, column, op.getWeight(), op.getSlot(),
                                              op.getInOut() ? Form::Embedding : Form::Linear),
                         rows);
  }
  Value a = FactorAOp::create(packer.builder, packer.loc, packer.typeOf(Layout::Matrix, -1, slot.getIn()), op.getSlot(),
                              Form::Linear);
  Value b = FactorBOp::create(packer.builder, packer.loc, packer.typeOf(Layout::Matrix, out, -1), op.getSlot(), rows);
  auto packed = LoraLinearOp::create(packer.builder, packer.loc, op.getType(), x,
                                     packer.matrix(op.getWeight(), op.getInOut(), rows), /*slot=*/Value(), a, b, gain,
                                     packer.vector(op.getBias(), rows), op.getScaled(),
                                     /*scales_inputs=*/false, /*in_out=*/false,
                                     /*rows=*/DenseI64ArrayAttr(), op.getProductTypeAttr());
  op.replaceAllUsesWith(packed.getResult());
  op.erase();
}

/// E[id] + s A^T[id] B^T: a lookup in the table A^T, then a linear by B.
void packLoraEmbedding(LoraEmbeddingOp op) {
  Packer packer(op);
  OpBuilder &builder = packer.builder;
  MLIRContext *context = op.getContext();
  auto slot = cast<LowRankType>(op.getSlot().getType());
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = ShapedType::kDynamic;

  Value base = EmbeddingOp::create(builder, packer.loc, type, op.getIds(), packer.table(op.getTable()), op.getMask());
  Value a = FactorAOp::create(builder, packer.loc, packer.typeOf(Layout::Table, slot.getIn(), -1), op.getSlot(),
                              Form::Embedding);
  Value u = EmbeddingOp::create(builder, packer.loc, RankedTensorType::get(shape, type.getElementType()), op.getIds(),
                                a, op.getMask());
  Value b = FactorBOp::create(builder, packer.loc, packer.typeOf(Layout::Matrix, slot.getOut(), -1), op.getSlot(),
                              DenseI64ArrayAttr());
  Value delta = LinearOp::create(builder, packer.loc, type, u, b, /*bias=*/Value(), /*in_out=*/false,
                                 /*rows=*/DenseI64ArrayAttr(), op.getProductTypeAttr());
  Value sum = arith::AddFOp::create(builder, packer.loc, base, delta);
  if (op.getScaled()) {
    Type column = WeightType::get(context, {slot.getOut()}, builder.getF32Type());
    Value gain = OutputGainOp::create(builder, packer.loc, column, op.getTable(), op.getSlot(), Form::Embedding);
    sum = GainOp::create(builder, packer.loc, type, sum, packer.vector(gain));
  }
  op.replaceAllUsesWith(sum);
  op.erase();
}

void packLayerNorm(LayerNormOp op) {
  Packer packer(op);
  if (op.getGamma())
    op.getGammaMutable().assign(packer.vector(op.getGamma()));
  if (op.getBeta())
    op.getBetaMutable().assign(packer.vector(op.getBeta()));
}

struct PackWeights : impl::PackWeightsPassBase<PackWeights> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Scheduled)))
      return signalPassFailure();
    getOperation().walk([](Operation *op) {
      if (auto linear = dyn_cast<LinearOp>(op))
        packLinear(linear);
      else if (auto lora = dyn_cast<LoraLinearOp>(op))
        packLoraLinear(lora);
      else if (auto embedding = dyn_cast<EmbeddingOp>(op))
        embedding.getTableMutable().assign(Packer(op).table(embedding.getTable()));
      else if (auto lora = dyn_cast<LoraEmbeddingOp>(op))
        packLoraEmbedding(lora);
      else if (auto norm = dyn_cast<LayerNormOp>(op))
        packLayerNorm(norm);
    });
  }
};

} // namespace
} // namespace ptx
