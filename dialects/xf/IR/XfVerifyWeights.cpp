// Rules of expressions over weights; numbers are those of the ops' descriptions.
#include "dialects/xf/IR/XfFactors.h"
#include "dialects/xf/IR/XfVerify.h"

using namespace mlir;
using namespace ptx::xf;

LogicalResult ptx::xf::verifyWeightExpression(Operation *op) {
  if (op->getNumResults() == 1 && isWeightLike(op->getResult(0).getType()) &&
      llvm::all_of(op->getOperandTypes(), isWeightLike))
    return success();
  return op->emitOpError("is an expression over weights, and gives or takes other values");
}

static WeightType f32Weight(MLIRContext *context, ArrayRef<int64_t> shape) {
  return WeightType::get(context, shape, Float32Type::get(context));
}

LogicalResult SinusoidOp::verify() {
  constexpr int64_t most = 1 << 30;
  ArrayRef<int64_t> shape = getType().getShape();
  if (shape.size() != 2 || getType() != f32Weight(getContext(), shape) || shape[0] > most / shape[1])
    return emitOpError("C1: expects two dimensions of f32 and at most ") << most << " elements, found " << getType();
  return success();
}

LogicalResult ReplacedOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getSiteAttr());
  if (!weight)
    return emitOpError("C1: there is no weight ") << getSiteAttr();
  if (weight.getType() != getType())
    return emitOpError("C1: ") << getSiteAttr() << " is declared as " << weight.getType() << ", found " << getType();
  return success();
}

/// Whether W and the factors of the slot are one matrix.
static LogicalResult verifyFit(Operation *op, WeightType weight, LowRankType slot, Form form) {
  SmallVector<int64_t> expected = {slot.getOut(), slot.getIn()};
  if (form == Form::Embedding)
    std::swap(expected[0], expected[1]);
  if (weight.getShape() == ArrayRef<int64_t>(expected))
    return success();
  return op->emitOpError("C1: ") << weight << " does not fit " << slot << " in form " << stringifyForm(form);
}

LogicalResult MergeOp::verify() {
  WeightType weight = getWeight().getType();
  if (getType() != f32Weight(getContext(), weight.getShape()))
    return emitOpError("C1: expects a result of ") << weight << " in f32, found " << getType();
  return verifyFit(*this, weight, getSlot().getType(), getForm());
}

LogicalResult MergeBiasOp::verify() {
  WeightType bias = getBias().getType();
  if (bias.getShape() != ArrayRef<int64_t>(getSlot().getType().getOut()) || getType().getShape() != bias.getShape())
    return emitOpError("C1: expects a bias and a result of ")
           << getSlot().getType().getOut() << " elements, found " << bias << " and " << getType();
  return success();
}

LogicalResult ZeroBiasOp::verify() {
  if (getType().getShape().size() != 1 || !getType().getElementType().isF32())
    return emitOpError("C1: expects one dimension of f32, found ") << getType();
  return success();
}

LogicalResult FactorAOp::verify() {
  int64_t in = getSlot().getType().getIn();
  bool table = getForm() == Form::Embedding;
  auto expected = PackedType::get(getContext(), table ? Layout::Table : Layout::Matrix, table ? in : -1,
                                  table ? -1 : in, getType().getElementType());
  if (getType() != expected)
    return emitOpError("C1: expects a result ") << expected << ", found " << getType();
  return success();
}

LogicalResult FactorBOp::verify() {
  FailureOr<int64_t> rows = countRows(*this, getRows(), getSlot().getType().getOut());
  if (failed(rows))
    return failure();
  auto expected = PackedType::get(getContext(), Layout::Matrix, *rows, -1, getType().getElementType());
  if (getType() != expected)
    return emitOpError("C1: expects a result ") << expected << ", found " << getType();
  return success();
}

LogicalResult FactorVectorOp::verify() {
  FailureOr<int64_t> rows = countRows(*this, getRows(), sizeOf(getFactor(), getSlot().getType()));
  if (failed(rows))
    return failure();
  auto expected = PackedType::get(getContext(), Layout::Vector, *rows, 1, Float32Type::get(getContext()));
  if (getType() != expected)
    return emitOpError("C1: expects a result ") << expected << ", found " << getType();
  return success();
}

LogicalResult OutputGainOp::verify() {
  int64_t out = getSlot().getType().getOut();
  if (getType() != f32Weight(getContext(), {out}))
    return emitOpError("C1: expects a result of ") << out << " elements of f32, found " << getType();
  return verifyFit(*this, getWeight().getType(), getSlot().getType(), getForm());
}

LogicalResult PackOp::verify() {
  ArrayRef<int64_t> shape = getWeight().getType().getShape();
  PackedType type = getType();
  Layout layout = type.getLayout();
  if (shape.size() != (layout == Layout::Vector ? 1u : 2u))
    return emitOpError("C1: cannot pack ") << getWeight().getType() << " as a " << stringifyLayout(layout);
  if (getInOut() && layout != Layout::Matrix)
    return emitOpError("C3: only a matrix has `in_out`, found a ") << stringifyLayout(layout);
  int64_t n = shape[0], k = layout == Layout::Vector ? 1 : shape[1];
  if (getInOut())
    std::swap(n, k);
  FailureOr<int64_t> rows = countRows(*this, getRows(), n);
  if (failed(rows))
    return failure();
  if (type.getRows() != *rows || type.getColumns() != k)
    return emitOpError("C2: expects a result of ") << *rows << "x" << k << ", found " << type;
  return success();
}
