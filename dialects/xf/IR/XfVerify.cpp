// Rules between operands that ODS cannot state; numbers are those of the ops'
// descriptions.
#include "dialects/xf/IR/XfDialect.h"

#include <cmath>

using namespace mlir;
using namespace ptx::xf;

static int64_t lastDim(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

LogicalResult DeltaOp::verify() {
  if (getRank() < 1)
    return emitOpError("rank must be at least 1, found ") << getRank();
  if (!std::isfinite(getScale().convertToDouble()))
    return emitOpError("scale must be finite");
  return success();
}

LogicalResult InputOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (static_cast<int64_t>(getDims().size()) != type.getRank())
    return emitOpError("names ") << getDims().size() << " dimensions, but its type has " << type.getRank();
  bool ids = type.getElementType().isInteger(64);
  if (ids && !getLimit())
    return emitOpError("C1: an input of ids needs `limit`");
  if (!ids && getLimit())
    return emitOpError("C2: a mask has no `limit`");
  if (!getCounting())
    return success();
  if (!ids || !getDefaultValue())
    return emitOpError("C3: `counting` needs ids with a `default`");
  for (Operation *op = getOperation()->getPrevNode(); op; op = op->getPrevNode())
    if (auto other = dyn_cast<InputOp>(op); other && other.getName() == *getCounting()) {
      if (other.getLimit() && other.getDims() == getDims())
        return success();
      return emitOpError("C3: counts '") << *getCounting() << "', which has other dimensions or is a mask";
    }
  return emitOpError("C3: counts '") << *getCounting() << "', which is no earlier input";
}

LogicalResult LinearOp::verify() {
  auto weight = dyn_cast<WeightType>(getWeight().getType());
  if (!weight) // Packed: the deploy phase has checked it before it packed.
    return success();
  if (weight.getShape().size() != 2)
    return emitOpError("expects a weight of rank 2, found ") << weight;
  int64_t out = weight.getShape()[getInOut() ? 1 : 0];
  int64_t in = weight.getShape()[getInOut() ? 0 : 1];
  if (lastDim(getX()) != in)
    return emitOpError("C1: x has ") << lastDim(getX()) << " columns, the weight takes " << in;
  int64_t used = out;
  if (std::optional<ArrayRef<int64_t>> rows = getRows()) {
    if (rows->size() != 2 || (*rows)[0] < 0 || (*rows)[1] <= (*rows)[0] || (*rows)[1] > out)
      return emitOpError("rows must be [begin, end) inside 0 to ") << out;
    used = (*rows)[1] - (*rows)[0];
  }
  if (lastDim(getResult()) != used)
    return emitOpError("C2: the result has ") << lastDim(getResult()) << " columns, expected " << used;
  if (getBias()) {
    auto bias = dyn_cast<WeightType>(getBias().getType());
    if (bias && (bias.getShape().size() != 1 || bias.getShape()[0] != out))
      return emitOpError("C3: expected a bias of ") << out << " elements, found " << bias;
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  int64_t width = lastDim(getQuery());
  if (getHeads() < 1 || width % static_cast<int64_t>(getHeads()) != 0)
    return emitOpError("C1: ") << width << " columns are not divisible by " << getHeads() << " heads";
  if (lastDim(getKey()) != width || lastDim(getValue()) != width)
    return emitOpError("key and value must have the query's ") << width << " columns";
  return success();
}

LogicalResult WaveOp::verify() {
  DenseSet<Operation *> computed; // by a call inside, or from what one computes
  for (Operation &op : getBody().front()) {
    bool reads = llvm::any_of(op.getOperands(), [&](Value v) { return computed.contains(v.getDefiningOp()); });
    bool call = isa<func::CallOp>(op);
    if (reads && call)
      return op.emitOpError("C1: reads what another call of the same wave computes");
    if (reads || call)
      computed.insert(&op);
  }
  return success();
}
