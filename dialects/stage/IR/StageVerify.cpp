#include "dialects/stage/IR/StageDialect.h"
#include "dialects/xf/IR/XfVerify.h"

#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::stage;
using xf::extentText;
using xf::widthOf;

//===- Regions -----------------------------------------------------------------===//

bool ptx::stage::isElementwise(Operation *op) {
  return isa<arith::ConstantOp, arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MaximumFOp,
             arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::NegFOp, arith::SelectOp, arith::CmpFOp,
             math::ExpOp, math::TanhOp, math::ErfOp, math::FmaOp, math::SqrtOp, math::RsqrtOp, math::AbsFOp,
             math::CopySignOp>(op);
}

LogicalResult ptx::stage::verifyElement(Operation *skeleton, Region &region, int64_t arguments) {
  if (!region.hasOneBlock())
    return skeleton->emitOpError("C2: expects a region of one block");
  Block &block = region.front();
  if (static_cast<int64_t>(block.getNumArguments()) != arguments)
    return skeleton->emitOpError("C2: expects a region of ")
           << arguments << " arguments, found " << block.getNumArguments();
  for (BlockArgument argument : block.getArguments())
    if (!argument.getType().isF32())
      return skeleton->emitOpError("C2: expects arguments of f32, found ") << argument.getType();
  auto yield = block.empty() ? xf::YieldOp() : dyn_cast<xf::YieldOp>(block.back());
  if (!yield || yield.getValues().size() != 1 || !yield.getValues()[0].getType().isF32())
    return skeleton->emitOpError("C2: expects a region that yields one f32");
  for (Operation &op : block.without_terminator()) {
    if (!isElementwise(&op))
      return op.emitError("C3: no skeleton carries '") << op.getName() << "' in its region";
    for (Type type : op.getResultTypes())
      if (!type.isF32() && !type.isSignlessInteger(1))
        return op.emitError("C3: a region computes f32 and i1, found ") << type;
  }
  return success();
}

//===- Operands of skeletons ---------------------------------------------------===//

static StringRef kindText(Type type) { return isPerSequence(type) ? "per sequence" : "per token"; }

LogicalResult ptx::stage::verifyKind(Operation *op, Type read, Type computed) {
  if (isPerSequence(read) == isPerSequence(computed))
    return success();
  return op->emitOpError("C5: computes rows ")
         << kindText(computed) << " and reads " << read << ", which is " << kindText(read);
}

/// Extras are rows of the result's width or vectors of as many elements.
static LogicalResult verifyExtras(Operation *op, ValueRange extras, int64_t width) {
  for (Value extra : extras) {
    bool fits = isa<RankedTensorType>(extra.getType()) ? widthOf(extra) == width : xf::isVector(extra.getType(), width);
    if (!fits || width < 0)
      return op->emitOpError("C1: expects extras of ") << extentText(width) << " columns, found " << extra.getType();
  }
  return success();
}

static bool isMatrix(Type type, int64_t rows, int64_t columns) {
  auto packed = cast<xf::PackedType>(type);
  auto fits = [](int64_t found, int64_t wanted) { return found == wanted || (found < 0 && wanted < 0); };
  return packed.getLayout() == xf::Layout::Matrix && fits(packed.getRows(), rows) && fits(packed.getColumns(), columns);
}

LogicalResult ContractOp::verify() {
  int64_t n = widthOf(getResult());
  if (!isMatrix(getWeight().getType(), n, widthOf(getX())))
    return emitOpError("C1: rows of ") << extentText(widthOf(getX())) << " columns do not become rows of "
                                       << extentText(n) << " by " << getWeight().getType();
  if (static_cast<bool>(getU()) != static_cast<bool>(getB()))
    return emitOpError("C1: u and b come together");
  Type product = cast<xf::PackedType>(getWeight().getType()).getElementType();
  if (getB() && cast<xf::PackedType>(getB().getType()).getElementType() != product)
    return emitOpError("C1: multiplies in ") << product << " and, by b, in " << getB().getType();
  if (getU() && !isMatrix(getB().getType(), n, widthOf(getU())))
    return emitOpError("C1: rows of ") << extentText(widthOf(getU())) << " columns do not become rows of "
                                       << extentText(n) << " by " << getB().getType();
  return verifyExtras(*this, getExtras(), n);
}

LogicalResult AttentionOp::verify() {
  int64_t width = widthOf(getQuery()), heads = static_cast<int64_t>(getHeads());
  if (width < 1 || heads < 1 || width % heads != 0)
    return emitOpError("C1: ") << extentText(width) << " columns are not divisible by " << heads << " heads";
  for (Value value : {Value(getKey()), Value(getValue()), Value(getResult())})
    if (widthOf(value) != width)
      return emitOpError("C1: key, value and result must have the query's ") << width << " columns";
  if (!std::isfinite(getScale().convertToDouble()))
    return emitOpError("C1: the scale must be finite");
  return success();
}

/// Skeletons that keep the width of their rows.
template <typename Op> static LogicalResult verifyRowWise(Op op, ValueRange extras) {
  int64_t width = widthOf(op.getX());
  if (width < 1 || widthOf(op.getResult()) != width)
    return op.emitOpError("C1: x has ") << extentText(width) << " columns, the result "
                                        << extentText(widthOf(op.getResult()));
  return verifyExtras(op, extras, width);
}

LogicalResult RowNormOp::verify() {
  double eps = getEps().convertToDouble();
  if (!std::isfinite(eps) || eps < 0)
    return emitOpError("C1: eps must be finite and not negative, found ") << eps;
  return verifyRowWise(*this, getExtras());
}
LogicalResult MapOp::verify() { return verifyRowWise(*this, getExtras()); }
LogicalResult PoolOp::verify() { return verifyRowWise(*this, ValueRange()); }

LogicalResult GreatestOp::verify() { return xf::verifyNumbered(*this, getX()); }

LogicalResult AppendOp::verify() {
  if (widthOf(getX()) != getCache().getType().getWidth())
    return emitOpError("C1: ") << getX().getType() << " has not the columns of " << getCache().getType();
  return success();
}

LogicalResult ConcatOp::verify() {
  int64_t width = 0;
  bool fits = !getParts().empty();
  for (Value part : getParts()) {
    fits &= widthOf(part) > 0;
    width += widthOf(part);
  }
  if (!fits || width != widthOf(getResult()))
    return emitOpError("C1: parts of ") << (fits ? std::to_string(width) : "unknown") << " columns do not make "
                                        << getResult().getType();
  return success();
}

LogicalResult GatherOp::verify() {
  if (getTables().size() != getIndices().size() || getTables().empty() || getTables().size() > 64)
    return emitOpError("C1: expects 1 to 64 tables with an index each, found ")
           << getTables().size() << " and " << getIndices().size();
  int64_t width = widthOf(getResult());
  for (Value table : getTables()) {
    auto packed = dyn_cast<xf::PackedType>(table.getType());
    int64_t columns = packed ? packed.getColumns() : widthOf(table);
    bool fits = columns == width || (columns < 0 && width < 0 && getTables().size() == 1);
    if ((packed && packed.getLayout() != xf::Layout::Table) || !fits)
      return emitOpError("C1: rows of ") << extentText(width) << " columns are not those of a table "
                                         << table.getType();
  }
  for (Value index : getIndices())
    if (failed(verifyKind(*this, index.getType(), getResult().getType())))
      return failure();
  for (Value extra : getExtras())
    if (isRows(extra.getType()) && failed(verifyKind(*this, extra.getType(), getResult().getType())))
      return failure();
  return verifyExtras(*this, getExtras(), width);
}

/// What both folds ask of their operands.
static LogicalResult verifyOverWeight(FoldOpInterface op, ValueRange extras) {
  if (!op->getParentOfType<xf::ParameterOp>())
    return op->emitOpError("C1: stands in no parameter");
  auto base = cast<xf::PackedType>(op.getBase().getType());
  int64_t width = op.getWidth(), depth = op.getDepth();
  if (width < 1 || depth < 1)
    return op->emitOpError("C1: expects a base of known size, found ") << base;
  if (base.getLayout() != xf::Layout::Matrix && !base.getElementType().isF32())
    return op->emitOpError("C1: only a matrix is of another type than f32, found ") << base;
  if (static_cast<bool>(op.getA()) != static_cast<bool>(op.getB()))
    return op->emitOpError("C1: a and b come together");
  if (op.getA()) {
    auto a = cast<xf::PackedType>(op.getA().getType()), b = cast<xf::PackedType>(op.getB().getType());
    auto table = xf::PackedType::get(op->getContext(), xf::Layout::Table, depth, -1);
    if (a != table || !isMatrix(b, width, -1) || !b.getElementType().isF32())
      return op->emitOpError("C1: ") << a << " and " << b << " do not fold into " << base;
  }
  return verifyExtras(op, extras, width);
}

LogicalResult FoldOp::verify() {
  xf::PackedType base = getBase().getType();
  bool isMatrix = base.getLayout() == xf::Layout::Matrix;
  auto expected = xf::PackedType::get(getContext(), base.getLayout(), base.getRows(), base.getColumns(),
                                      isMatrix ? getType().getElementType() : base.getElementType());
  if (getType() != expected)
    return emitOpError("C1: ") << base << " does not become " << getType();
  int64_t depth = FoldOpInterface(*this).getDepth();
  if (getInputs() && !xf::isVector(getInputs().getType(), depth))
    return emitOpError("C1: expects a vector of ") << depth << " inputs, found " << getInputs().getType();
  return verifyOverWeight(*this, getExtras());
}

LogicalResult FoldNormOp::verify() {
  xf::PackedType base = getBase().getType();
  if (base.getLayout() == xf::Layout::Vector || !xf::isVector(getType(), FoldOpInterface(*this).getWidth()))
    return emitOpError("C1: ") << base << " has no norms " << getType();
  return verifyOverWeight(*this, getExtras());
}

//===- Row tables --------------------------------------------------------------===//

LogicalResult SpaceOp::verify() {
  if (!getSource().getDefiningOp<xf::InputOp>())
    return emitOpError("C1: the source must be an input of the function");
  int64_t length = static_cast<int64_t>(getMaxLength());
  if (length < 1 || length > xf::maxExtent)
    return emitOpError("C2: `max_length` must be 1 to ") << xf::maxExtent << ", found " << length;
  return success();
}

LogicalResult SpaceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return xf::verifyHistoryUse(*this, symbols, getBeginsAttr(), getContinuesAttr(), static_cast<int64_t>(getMaxLength()),
                              getKeepFirst());
}

LogicalResult HeldOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return success(xf::lookUpHistory(*this, symbols, getHistoryAttr(), "C1"));
}

LogicalResult RecallOp::verify() {
  xf::CacheType cache = getCache().getType();
  Type element = elementOf(getResult());
  if (widthOf(getResult()) != cache.getWidth() || (element != cache.getElementType() && !element.isF32()))
    return emitOpError("C1: ") << cache << " has no rows " << getResult().getType();
  return success();
}

LogicalResult IdsOp::verify() {
  auto input = getSource().getDefiningOp<xf::InputOp>();
  if (!input)
    return emitOpError("C1: the source must be an input of the function");
  auto space = getSpace().getDefiningOp<SpaceOp>();
  auto mask = space ? space.getSource().getDefiningOp<xf::InputOp>() : xf::InputOp();
  if (mask && mask.getDims() != input.getDims())
    return emitOpError("C2: ids of dimensions ") << input.getDims() << " in a space of " << mask.getDims();
  return success();
}

LogicalResult ColumnsOp::verify() {
  int64_t width = widthOf(getX()), taken = widthOf(getResult()), offset = static_cast<int64_t>(getOffset());
  if (width < 1 || taken < 1 || offset < 0 || offset > width || taken > width - offset)
    return emitOpError("C1: takes ") << extentText(taken) << " columns at " << offset << " of " << extentText(width);
  if (elementOf(getX()) != elementOf(getResult()))
    return emitOpError("C1: columns of ") << getX().getType() << " are not of " << elementOf(getResult());
  if (isPerSequence(getX().getType()) != isPerSequence(getResult().getType()))
    return emitOpError("C1: columns of rows ")
           << kindText(getX().getType()) << " are not rows " << kindText(getResult().getType());
  if (!elementOf(getX()).isF32() && offset % 2)
    return emitOpError("C2: 16-bit elements at the odd column ") << offset;
  return success();
}

//===- Launches ----------------------------------------------------------------===//

LogicalResult LaunchOp::verifyRegions() {
  Block &block = getBody().front();
  auto yield = block.empty() ? xf::YieldOp() : dyn_cast<xf::YieldOp>(block.back());
  if (block.getNumArguments() || !yield || yield.getOperandTypes() != getResultTypes())
    return emitOpError("C1: expects a body without arguments that yields values of the types ") << getResultTypes();
  if (yield.getValues().empty())
    return emitOpError("C2: launches nothing");
  SmallVector<Value> results;
  for (Operation &op : block.without_terminator()) {
    auto stage = dyn_cast<SkeletonOpInterface>(op);
    if (!stage)
      return op.emitOpError("C2: is no skeleton, and stands in a launch");
    if (stage.getSkeleton() != cast<SkeletonOpInterface>(block.front()).getSkeleton())
      return op.emitOpError("C2: is launched with '") << block.front().getName() << "', another skeleton";
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() == &block)
        return op.emitOpError("C3: reads what its own launch computes");
    results.push_back(op.getResult(0));
  }
  if (results != SmallVector<Value>(yield.getValues()))
    return emitOpError("C2: expects a body that yields the result of each of its stages, in order");
  return success();
}
