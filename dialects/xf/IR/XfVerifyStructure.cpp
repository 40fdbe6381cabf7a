// Rules of what a model is made of; numbers are those of the ops' descriptions.
#include "dialects/xf/IR/XfDialect.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;
using namespace ptx::xf;

static constexpr int64_t maxRank = 1 << 20;

/// The weight a symbol names, or null with an error at `user`.
static WeightOp lookUpWeight(Operation *user, SymbolTableCollection &symbols, FlatSymbolRefAttr name, StringRef rule) {
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(user, name);
  if (!weight)
    user->emitOpError(rule) << ": there is no weight " << name;
  return weight;
}

static WeightType typeOf(WeightOp weight) { return cast<WeightType>(weight.getType()); }

//===- Adapters ----------------------------------------------------------------===//

LogicalResult AdapterOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments())
    return emitOpError("C1: its body takes no arguments, found ") << block.getNumArguments();
  DenseSet<StringAttr> deltas, replacements;
  for (Operation &op : block) {
    auto delta = dyn_cast<DeltaOp>(op);
    auto replacement = dyn_cast<ReplacementOp>(op);
    if (!delta && !replacement)
      return op.emitOpError("C1: does not belong into an adapter");
    FlatSymbolRefAttr site = delta ? delta.getSiteAttr() : replacement.getSiteAttr();
    if (!(delta ? deltas : replacements).insert(site.getAttr()).second)
      return op.emitOpError("C1: is the second of its kind for ") << site;
  }
  return success();
}

LogicalResult DeltaOp::verify() {
  int64_t rank = static_cast<int64_t>(getRank());
  bool isScaling = getScalesOutputs() || getScalesInputs(), mayBeEmpty = isScaling && !getDora();
  if (rank < (mayBeEmpty ? 0 : 1) || rank > maxRank)
    return emitOpError("C1: the rank must be 1 to ") << maxRank << ", found " << rank;
  if (!std::isfinite(getScale().convertToDouble()))
    return emitOpError("C2: the scale must be finite");
  return success();
}

bool DeltaOp::has(Factor factor) {
  switch (factor) {
  case Factor::Bias:
    return getBias();
  case Factor::Magnitude:
    return getDora();
  case Factor::OutputScale:
    return getScalesOutputs();
  case Factor::InputScale:
    return getScalesInputs();
  }
  llvm_unreachable("every factor is named");
}

LogicalResult DeltaOp::verifySymbolUses(SymbolTableCollection &symbols) {
  WeightOp weight = lookUpWeight(*this, symbols, getSiteAttr(), "C3");
  if (!weight)
    return failure();
  if (typeOf(weight).getShape().size() != 2)
    return emitOpError("C3: expects a weight of two dimensions, ") << getSiteAttr() << " is " << weight.getType();
  return success();
}

LogicalResult ReplacementOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(lookUpWeight(*this, symbols, getSiteAttr(), "C1"));
}

//===- Functions ---------------------------------------------------------------===//

LogicalResult FunctionOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments())
    return emitOpError("C1: its body takes no arguments, found ") << block.getNumArguments();
  llvm::StringSet<> inputs, outputs;
  for (auto input : block.getOps<InputOp>())
    if (!inputs.insert(input.getName()).second)
      return input.emitOpError("C2: there are two inputs '") << input.getName() << "'";
  for (auto output : block.getOps<OutputOp>())
    if (!outputs.insert(output.getName()).second)
      return output.emitOpError("C2: there are two outputs '") << output.getName() << "'";
  return success();
}

static LogicalResult verifyCounting(InputOp input, bool ids) {
  if (!ids)
    return input.emitOpError("C3: a mask counts nothing");
  for (Operation *op = input->getPrevNode(); op; op = op->getPrevNode())
    if (auto other = dyn_cast<InputOp>(op); other && other.getName() == *input.getCounting()) {
      if (other.getLimit() && other.getDims() == input.getDims())
        return success();
      return input.emitOpError("C3: counts '") << *input.getCounting() << "', which has other dimensions or is a mask";
    }
  return input.emitOpError("C3: counts '") << *input.getCounting() << "', which is no earlier input";
}

LogicalResult InputOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (getDims().empty() || static_cast<int64_t>(getDims().size()) > type.getRank())
    return emitOpError("C4: names ") << getDims().size() << " dimensions, but its type has " << type.getRank();
  if (getName().empty() || llvm::any_of(getDims().getAsValueRange<StringAttr>(), [](StringRef d) { return d.empty(); }))
    return emitOpError("C4: expects names that are not empty");
  bool ids = isIds(type);
  if (ids && !getLimit())
    return emitOpError("C1: an input of ids needs `limit`");
  if (!ids && (getLimit() || getDefaultValue()))
    return emitOpError("C2: a mask has no `limit` and no `default`");
  if (ids) {
    int64_t limit = static_cast<int64_t>(*getLimit());
    if (limit < 1 || limit > maxExtent)
      return emitOpError("C1: `limit` must be 1 to ") << maxExtent << ", found " << limit;
    if (getDefaultValue())
      if (int64_t value = static_cast<int64_t>(*getDefaultValue()); value < 0 || value >= limit)
        return emitOpError("C3: `default` must be 0 to ") << limit - 1 << ", found " << value;
  }
  return getCounting() ? verifyCounting(*this, ids) : success();
}

LogicalResult VisibleOp::verify() {
  if (!getSource().getDefiningOp<InputOp>())
    return emitOpError("C1: the source must be an input of the function");
  int64_t length = static_cast<int64_t>(getMaxLength());
  if (length < 1 || length > maxExtent)
    return emitOpError("C2: `max_length` must be 1 to ") << maxExtent << ", found " << length;
  return success();
}

//===- Symbols -----------------------------------------------------------------===//

LogicalResult UseOp::verifySymbolUses(SymbolTableCollection &symbols) {
  WeightOp weight = lookUpWeight(*this, symbols, getWeightAttr(), "C1");
  if (!weight)
    return failure();
  if (weight.getType() != getType())
    return emitOpError("C1: ") << getWeightAttr() << " is declared as " << weight.getType() << ", found " << getType();
  return success();
}

LogicalResult SlotOp::verifySymbolUses(SymbolTableCollection &symbols) {
  WeightOp weight = lookUpWeight(*this, symbols, getSiteAttr(), "C1");
  if (!weight)
    return failure();
  ArrayRef<int64_t> shape = typeOf(weight).getShape();
  int64_t out = getType().getOut(), in = getType().getIn();
  if (shape != ArrayRef<int64_t>{out, in} && shape != ArrayRef<int64_t>{in, out})
    return emitOpError("C1: ") << getSiteAttr() << " is declared as " << weight.getType() << ", which has no slot "
                               << getType();
  return success();
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter)
    return emitOpError("C1: there is no parameter ") << getParameterAttr();
  if (parameter.getType() != getType())
    return emitOpError("C1: ") << getParameterAttr() << " is declared as " << parameter.getType() << ", found "
                               << getType();
  auto reader = (*this)->getParentOfType<ParameterOp>();
  if (reader && (reader->getBlock() != parameter->getBlock() || !parameter->isBeforeInBlock(reader)))
    return emitOpError("C2: a parameter is computed from those declared before it, ")
           << getParameterAttr() << " is not";
  return success();
}

LogicalResult ParameterOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments())
    return emitOpError("C1: its body takes no arguments, found ") << block.getNumArguments();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield->getNumOperands() != 1 || yield.getValues()[0].getType() != getType())
    return emitOpError("C2: expects a body that yields ") << getType();
  DenseSet<StringAttr> sites;
  for (Operation &op : block.without_terminator()) {
    bool closed = !op.getNumRegions() || op.hasTrait<OpTrait::IsIsolatedFromAbove>();
    if (!closed || !op.getNumResults() || !llvm::all_of(op.getResultTypes(), isWeightLike))
      return op.emitOpError("C1: is no expression over weights");
    if (auto slot = dyn_cast<SlotOp>(op))
      sites.insert(slot.getSiteAttr().getAttr());
  }
  auto type = cast<PackedType>(getType());
  if ((type.getRows() == -1 || type.getColumns() == -1) && sites.size() != 1)
    return emitOpError("C3: a dimension is a rank, but the body reads the slots of ") << sites.size() << " sites";
  return success();
}

//===- Waves -------------------------------------------------------------------===//

LogicalResult WaveOp::verifyRegions() {
  Block &block = getBody().front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (block.getNumArguments() || !yield || yield.getOperandTypes() != getResultTypes())
    return emitOpError("C2: expects a body without arguments that yields values of the types ") << getResultTypes();
  DenseSet<Operation *> computed; // by a call inside, or from what one computes
  for (Operation &op : block.without_terminator()) {
    bool reads = llvm::any_of(op.getOperands(), [&](Value v) { return computed.contains(v.getDefiningOp()); });
    bool call = isa<func::CallOp>(op);
    if (reads && call)
      return op.emitOpError("C1: reads what another call of the same wave computes");
    if (reads || call)
      computed.insert(&op);
  }
  return success();
}
