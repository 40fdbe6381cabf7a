// What the skeletons say of themselves (StageInterfaces.td).
#include "dialects/stage/IR/StageDialect.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::stage;

static bool isRank(Value rows) {
  return ShapedType::isDynamic(cast<RankedTensorType>(rows.getType()).getShape().back());
}

RowDomain ptx::stage::rowsOfIndex(Value index) {
  if (auto first = index.getDefiningOp<FirstRowsOp>())
    return {.space = first.getSpace(), .perSequence = true};
  if (auto ids = index.getDefiningOp<IdsOp>())
    return {.space = ids.getSpace()};
  if (auto positions = index.getDefiningOp<PositionsOp>())
    return {.space = positions.getSpace()};
  return {};
}

LogicalResult ptx::stage::verifySkeleton(SkeletonOpInterface op) {
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

void ContractOp::getConstants(NamedAttrList &constants) {
  noteProductType(constants, cast<xf::PackedType>(getWeight().getType()).getElementType());
}
Value ContractOp::getRankParameter() { return isRank(getResult()) ? getWeight() : Value(); }

RowDomain AttentionOp::getRowDomain() { return {.space = getQuerySpace()}; }
void AttentionOp::getConstants(NamedAttrList &constants) {
  Builder builder(getContext());
  int64_t width = cast<RankedTensorType>(getType()).getShape().back();
  constants.set("head_dim", builder.getI64IntegerAttr(width / static_cast<int64_t>(getHeads())));
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
RowDomain GatherOp::getRowDomain() { return rowsOfIndex(getIndices().front()); }
void GatherOp::getConstants(NamedAttrList &constants) {
  constants.set("tables", Builder(getContext()).getI64IntegerAttr(static_cast<int64_t>(getTables().size())));
}
Value GatherOp::getRankParameter() { return isRank(getResult()) ? getTables().front() : Value(); }

RowDomain PoolOp::getRowDomain() { return {.space = getSpace(), .perSequence = true}; }
void PoolOp::getConstants(NamedAttrList &constants) { constants.set("pooling", getKindAttr()); }

std::optional<int64_t> FoldOp::getElementCount() { return 2; }
void FoldOp::getConstants(NamedAttrList &constants) {
  constants.set("layout", xf::LayoutAttr::get(getContext(), cast<xf::PackedType>(getBase().getType()).getLayout()));
}
int64_t FoldOp::getWidth() {
  auto base = cast<xf::PackedType>(getBase().getType());
  return base.getLayout() == xf::Layout::Table ? base.getColumns() : base.getRows();
}
int64_t FoldOp::getDepth() {
  auto base = cast<xf::PackedType>(getBase().getType());
  return base.getLayout() == xf::Layout::Table ? base.getRows() : base.getColumns();
}
