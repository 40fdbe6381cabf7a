// What the skeletons say of themselves (StageInterfaces.td).
#include "dialects/stage/IR/StageDialect.h"
#include "dialects/xf/IR/XfVerify.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::stage;

static bool isRank(Value rows) {
  return ShapedType::isDynamic(cast<RankedTensorType>(rows.getType()).getShape().back());
}

Value ptx::stage::spaceOfIndex(Value index) {
  if (auto first = index.getDefiningOp<FirstRowsOp>())
    return first.getSpace();
  if (auto ids = index.getDefiningOp<IdsOp>())
    return ids.getSpace();
  if (auto positions = index.getDefiningOp<PositionsOp>())
    return positions.getSpace();
  return {};
}

/// Per sequence or per token; no encoding but ours is known.
static bool isKnownEncoding(Attribute encoding) { return !encoding || isa<PerSequenceAttr>(encoding); }

bool ptx::stage::isIndex(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) && tensor.getElementType().isInteger(32) &&
         isKnownEncoding(tensor.getEncoding());
}

bool ptx::stage::isRows(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 2 || !isKnownEncoding(tensor.getEncoding()))
    return false;
  Type element = tensor.getElementType();
  if (xf::isProductType(element)) {
    if (tensor.isDynamicDim(1) || tensor.getDimSize(1) % 2 != 0)
      return false;
    element = Float32Type::get(type.getContext());
  }
  return xf::isPooled(RankedTensorType::get(tensor.getShape(), element));
}

bool ptx::stage::isRowsOfF32(Type type) {
  return isRows(type) && cast<RankedTensorType>(type).getElementType().isF32();
}

Type ptx::stage::withElements(Type rows, Type element) { return cast<RankedTensorType>(rows).clone(element); }

/// C4: what is narrow is a factor, in its own type.
static LogicalResult verifyFactors(SkeletonOpInterface op) {
  SmallVector<Factor> factors = op.getFactors();
  for (OpOperand &operand : op->getOpOperands()) {
    Type type = operand.get().getType();
    if (!isRows(type) || elementOf(operand.get()).isF32())
      continue;
    const Factor *factor = llvm::find_if(factors, [&](const Factor &f) { return f.rows == &operand; });
    if (factor == factors.end())
      return op->emitOpError("C4: reads ") << type << ", which it does not multiply";
    if (factor->type != elementOf(operand.get()) || factor->columns % 2)
      return op->emitOpError("C4: multiplies ")
             << factor->columns << " columns at a time in " << factor->type << ", found " << type;
  }
  return success();
}

/// C5: what computes the rows that it reads keeps them per token or per sequence.
static LogicalResult verifyKinds(SkeletonOpInterface op) {
  Type result = op->getResult(0).getType();
  if (!op.getRowDomain().like || !isRows(result))
    return success();
  for (Type type : op->getOperandTypes())
    if (isRows(type) && failed(verifyKind(op, type, result)))
      return failure();
  return success();
}

LogicalResult ptx::stage::verifySkeleton(SkeletonOpInterface op) {
  if (failed(verifyFactors(op)) || failed(verifyKinds(op)))
    return failure();
  std::optional<int64_t> elements = op.getElementCount();
  if (!elements)
    return success();
  return verifyElement(op, op->getRegion(0), *elements + static_cast<int64_t>(op.getExtraOperands().size()));
}

/// Kernels that multiply in f32 do not say so.
static void noteProductType(NamedAttrList &constants, Type type) {
  if (!type.isF32())
    constants.set("product_type", TypeAttr::get(type));
}

static Type productTypeOf(ContractOp op) { return cast<xf::PackedType>(op.getWeight().getType()).getElementType(); }

void ContractOp::getConstants(NamedAttrList &constants) { noteProductType(constants, productTypeOf(*this)); }
SmallVector<Factor> ContractOp::getFactors() {
  return {{"x", &getXMutable(), productTypeOf(*this), xf::widthOf(getX())}};
}
Value ContractOp::getRankParameter() { return isRank(getResult()) ? getWeight() : Value(); }

RowDomain AttentionOp::getRowDomain() { return {.space = getQuerySpace()}; }
static int64_t headDimOf(AttentionOp op) { return xf::widthOf(op.getResult()) / static_cast<int64_t>(op.getHeads()); }

SmallVector<Factor> AttentionOp::getFactors() {
  Type type = xf::productType(getProductTypeAttr(), getContext());
  int64_t columns = headDimOf(*this);
  return {{"q", &getQueryMutable(), type, columns},
          {"k", &getKeyMutable(), type, columns},
          {"v", &getValueMutable(), type, columns}};
}
void AttentionOp::getConstants(NamedAttrList &constants) {
  Builder builder(getContext());
  constants.set("head_dim", builder.getI64IntegerAttr(headDimOf(*this)));
  constants.set("scale", getScaleAttr());
  if (getCausal())
    constants.set("causal", builder.getUnitAttr());
  noteProductType(constants, xf::productType(getProductTypeAttr(), getContext()));
}

void RowNormOp::getConstants(NamedAttrList &constants) {
  constants.set("norm", getNormAttr());
  constants.set("eps", getEpsAttr());
}

std::optional<int64_t> GatherOp::getElementCount() { return static_cast<int64_t>(getTables().size()); }
RowDomain GatherOp::getRowDomain() { return {.space = spaceOfIndex(getIndices().front())}; }
void GatherOp::getConstants(NamedAttrList &constants) {
  constants.set("tables", Builder(getContext()).getI64IntegerAttr(static_cast<int64_t>(getTables().size())));
}
Value GatherOp::getRankParameter() { return isRank(getResult()) ? getTables().front() : Value(); }

RowDomain AppendOp::getRowDomain() { return {.space = getSpace()}; }
SmallVector<Factor> AppendOp::getFactors() {
  return {{"x", &getXMutable(), getCache().getType().getElementType(), xf::widthOf(getX())}};
}

RowDomain PoolOp::getRowDomain() { return {.space = getSpace()}; }
void PoolOp::getConstants(NamedAttrList &constants) { constants.set("pooling", getKindAttr()); }

static void noteLayout(NamedAttrList &constants, Value base) {
  xf::Layout layout = cast<xf::PackedType>(base.getType()).getLayout();
  constants.set("layout", xf::LayoutAttr::get(base.getContext(), layout));
}

std::optional<int64_t> FoldOp::getElementCount() { return 2; }
void FoldOp::getConstants(NamedAttrList &constants) { noteLayout(constants, getBase()); }
void FoldNormOp::getConstants(NamedAttrList &constants) { noteLayout(constants, getBase()); }
