// Rules of what is computed from activations; numbers are those of the ops'
// descriptions.
#include "dialects/xf/IR/XfVerify.h"

#include <cmath>

using namespace mlir;
using namespace ptx::xf;

int64_t ptx::xf::widthOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

std::string ptx::xf::extentText(int64_t extent) { return extent < 0 ? "a rank" : std::to_string(extent); }

FailureOr<int64_t> ptx::xf::countRows(Operation *op, std::optional<ArrayRef<int64_t>> rows, int64_t count) {
  if (!rows)
    return count;
  if (rows->size() != 2 || (*rows)[0] < 0 || (*rows)[1] <= (*rows)[0] || (*rows)[1] > count)
    return op->emitOpError("rows must be [begin, end) inside 0 to ") << count;
  return (*rows)[1] - (*rows)[0];
}

bool ptx::xf::isVector(Type type, int64_t count) {
  if (auto packed = dyn_cast<PackedType>(type))
    return packed.getLayout() == Layout::Vector && packed.getRows() == count;
  auto weight = dyn_cast<WeightType>(type);
  return weight && weight.getShape() == ArrayRef<int64_t>(count);
}

/// Two extents are one, or both are a rank known at run time.
static bool sameExtent(int64_t a, int64_t b) { return a == b || (a < 0 && b < 0); }

static LogicalResult verifyVector(Operation *op, Value vector, int64_t count, StringRef what) {
  if (!vector || isVector(vector.getType(), count))
    return success();
  return op->emitOpError() << what << " of " << extentText(count) << " elements, found " << vector.getType();
}

/// Two dimensions of a table or matrix.
struct Extents {
  int64_t rows, columns;
};

static std::optional<Extents> extentsOf(Type type, Layout layout) {
  if (auto packed = dyn_cast<PackedType>(type))
    return packed.getLayout() == layout ? std::optional(Extents{packed.getRows(), packed.getColumns()}) : std::nullopt;
  ArrayRef<int64_t> shape = cast<WeightType>(type).getShape();
  return shape.size() == 2 ? std::optional(Extents{shape[0], shape[1]}) : std::nullopt;
}

//===- Embeddings --------------------------------------------------------------===//

/// C2, C3: no id reaches behind the table, as far as ids can be followed. In a
/// body they are arguments, which the stage phase refuses.
static LogicalResult verifyIds(Operation *op, Value ids, Value mask, int64_t rows) {
  auto visible = mask.getDefiningOp<VisibleOp>();
  auto source = visible ? visible.getSource().getDefiningOp<InputOp>() : InputOp();
  int64_t limit = 0;
  if (auto input = ids.getDefiningOp<InputOp>()) {
    limit = input.getLimit() ? static_cast<int64_t>(*input.getLimit()) : 0; // without one it does not verify
    if (source && source.getDims() != input.getDims())
      return op->emitOpError("C3: ids of dimensions ") << input.getDims() << " under a mask of " << source.getDims();
  } else if (auto positions = ids.getDefiningOp<PositionsOp>()) {
    if (positions.getMask() != mask)
      return op->emitOpError("C3: reads the positions of another mask");
    limit = visible ? static_cast<int64_t>(visible.getMaxLength()) : 0;
  }
  if (rows >= 0 && limit > rows)
    return op->emitOpError("C2: ids of 0 to ") << limit - 1 << " reach behind a table of " << rows << " rows";
  return success();
}

template <typename Op> static LogicalResult verifyEmbedding(Op op) {
  std::optional<Extents> table = extentsOf(op.getTable().getType(), Layout::Table);
  if (!table)
    return op.emitOpError("C1: expects a table of two dimensions, found ") << op.getTable().getType();
  if (!sameExtent(table->columns, widthOf(op.getResult())))
    return op.emitOpError("C1: the result has ")
           << extentText(widthOf(op.getResult())) << " columns, the table " << extentText(table->columns);
  return verifyIds(op, op.getIds(), op.getMask(), table->rows);
}

LogicalResult EmbeddingOp::verify() { return verifyEmbedding(*this); }

LogicalResult LoraEmbeddingOp::verify() {
  if (failed(verifyEmbedding(*this)))
    return failure();
  ArrayRef<int64_t> shape = cast<WeightType>(getTable().getType()).getShape();
  LowRankType slot = getSlot().getType();
  if (slot.getOut() != shape[1] || slot.getIn() != shape[0])
    return emitOpError("C4: a table ") << getTable().getType() << " has no slot " << slot;
  return success();
}

//===- Linears -----------------------------------------------------------------===//

LogicalResult ptx::xf::verifyProductType(Operation *op) {
  Type wanted = productType(cast<ContractionOpInterface>(op).getProductTypeAttr(), op->getContext());
  for (Value operand : op->getOperands())
    if (auto packed = dyn_cast<PackedType>(operand.getType());
        packed && packed.getLayout() == Layout::Matrix && packed.getElementType() != wanted)
      return op->emitOpError("multiplies in ") << wanted << ", found " << packed;
  return success();
}

/// C1 to C4; the number of outputs.
template <typename Op> static FailureOr<int64_t> verifyLinear(Op op) {
  std::optional<Extents> matrix = extentsOf(op.getWeight().getType(), Layout::Matrix);
  if (!matrix)
    return op.emitOpError("C4: expects a matrix of two dimensions, found ") << op.getWeight().getType();
  bool packed = isa<PackedType>(op.getWeight().getType());
  if (packed && (op.getInOut() || op.getRows()))
    return op.emitOpError("C4: a packed weight has neither `rows` nor `in_out`");
  if (op.getInOut())
    std::swap(matrix->rows, matrix->columns);
  int64_t out = matrix->rows;
  if (!sameExtent(widthOf(op.getX()), matrix->columns))
    return op.emitOpError("C1: x has ") << extentText(widthOf(op.getX())) << " columns, the weight takes "
                                        << extentText(matrix->columns);
  FailureOr<int64_t> used = packed ? FailureOr<int64_t>(out) : countRows(op, op.getRows(), out);
  if (failed(used))
    return failure();
  auto x = cast<RankedTensorType>(op.getX().getType()), result = cast<RankedTensorType>(op.getResult().getType());
  if (!sameExtent(widthOf(op.getResult()), *used) || x.getRank() != result.getRank())
    return op.emitOpError("C2: the result is ")
           << result << ", expected " << x.getRank() << " dimensions and " << extentText(*used) << " columns";
  if (failed(verifyVector(op, op.getBias(), out, "C3: expects a bias")))
    return failure();
  return used;
}

LogicalResult LinearOp::verify() { return verifyLinear(*this); }

/// The factors stand in place of the slot once weights are packed.
static LogicalResult verifyFactors(LoraLinearOp op, int64_t out) {
  auto fits = [](Value factor, int64_t rows, int64_t columns) {
    auto type = factor ? dyn_cast<PackedType>(factor.getType()) : PackedType();
    return type && type.getLayout() == Layout::Matrix && type.getRows() == rows && type.getColumns() == columns;
  };
  auto weight = dyn_cast<PackedType>(op.getWeight().getType());
  if (!weight || !fits(op.getA(), -1, weight.getColumns()) || !fits(op.getB(), out, -1))
    return op.emitOpError("C5: expects a slot, or a packed weight with factors `matrix, ?xIN` and `matrix, OUTx?`");
  if (op.getScaled() != static_cast<bool>(op.getGain()))
    return op.emitOpError("C5: factors have a gain where it is `scaled`, and only then");
  if (op.getScalesInputs())
    return op.emitOpError("C5: beside factors x is scaled already");
  return verifyVector(op, op.getGain(), out, "C5: expects a gain");
}

LogicalResult LoraLinearOp::verify() {
  FailureOr<int64_t> used = verifyLinear(*this);
  if (failed(used))
    return failure();
  if (!getSlot())
    return verifyFactors(*this, *used);
  auto weight = dyn_cast<WeightType>(getWeight().getType());
  if (!weight || getA() || getB() || getGain())
    return emitOpError("C5: has a slot beside packed operands");
  LowRankType slot = getSlot().getType();
  SmallVector<int64_t> expected = {slot.getOut(), slot.getIn()};
  if (getInOut())
    std::swap(expected[0], expected[1]);
  if (weight.getShape() != ArrayRef<int64_t>(expected))
    return emitOpError("C5: a weight ") << weight << " has no slot " << slot;
  return success();
}

//===- The others --------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  int64_t width = widthOf(getQuery()), heads = static_cast<int64_t>(getHeads());
  if (width < 1 || heads < 1 || width % heads != 0)
    return emitOpError("C1: ") << extentText(width) << " columns are not divisible by " << heads << " heads";
  if (widthOf(getKey()) != width)
    return emitOpError("C2: key and value must have the query's ") << width << " columns";
  if (!std::isfinite(getScale().convertToDouble()))
    return emitOpError("C3: the scale must be finite");
  return success();
}

LogicalResult LayerNormOp::verify() {
  int64_t width = widthOf(getX());
  double eps = getEps().convertToDouble();
  if (width < 1)
    return emitOpError("C1: expects a width that is known");
  if (!std::isfinite(eps) || eps < 0)
    return emitOpError("C2: eps must be finite and not negative, found ") << eps;
  if (failed(verifyVector(*this, getGamma(), width, "C1: expects a gamma")))
    return failure();
  return verifyVector(*this, getBeta(), width, "C1: expects a beta");
}

LogicalResult ScaleOp::verify() {
  if (!std::isfinite(static_cast<float>(getFactor().convertToDouble())))
    return emitOpError("C1: the constant must be finite in f32");
  return success();
}

LogicalResult GainOp::verify() { return verifyVector(*this, getVector(), widthOf(getX()), "C1: expects a vector"); }

LogicalResult ColumnsOp::verify() {
  int64_t width = widthOf(getX()), taken = widthOf(getResult()), offset = static_cast<int64_t>(getOffset());
  if (cast<RankedTensorType>(getX().getType()).getRank() != getResult().getType().getRank())
    return emitOpError("C1: x and the result must have one number of dimensions");
  if (width < 1 || taken < 1 || offset < 0 || offset > width || taken > width - offset)
    return emitOpError("C1: takes ") << extentText(taken) << " columns at " << offset << " of " << extentText(width);
  return success();
}

template <typename Op> static LogicalResult verifyPool(Op op) {
  if (widthOf(op.getX()) == widthOf(op.getResult()) && widthOf(op.getX()) > 0)
    return success();
  return op.emitOpError("C1: the result has ")
         << extentText(widthOf(op.getResult())) << " columns, x " << extentText(widthOf(op.getX()));
}

LogicalResult ConcatOp::verify() {
  int64_t width = 0, rank = cast<RankedTensorType>(getResult().getType()).getRank();
  bool fits = !getParts().empty();
  for (Value part : getParts()) {
    fits &= widthOf(part) > 0 && cast<RankedTensorType>(part.getType()).getRank() == rank;
    width += widthOf(part);
  }
  if (!fits || width != widthOf(getResult()))
    return emitOpError("C1: parts of ") << (fits ? std::to_string(width) : "other") << " columns do not make "
                                        << getResult().getType();
  return success();
}

LogicalResult ptx::xf::verifyNumbered(Operation *op, Value x) {
  constexpr int64_t most = 1 << 24; // exact in f32 too
  if (int64_t width = widthOf(x); width < 1 || width > most)
    return op->emitOpError("C1: x has ") << extentText(width) << " columns, expected 1 to " << most;
  return success();
}

LogicalResult GreatestOp::verify() { return verifyNumbered(*this, getX()); }

LogicalResult FirstTokenOp::verify() { return verifyPool(*this); }
LogicalResult PoolOp::verify() { return verifyPool(*this); }
