#include "dialects/stage/IR/StageDialect.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::stage;

LogicalResult ContractOp::verify() {
  auto panels = cast<xf::PackedType>(getWeight().getType());
  if (panels.getLayout() != xf::Layout::Panels)
    return emitOpError("expects a weight in panels, found ") << panels;
  auto x = cast<RankedTensorType>(getX().getType());
  auto y = cast<RankedTensorType>(getResult().getType());
  if (panels.getColumns() != -1 && panels.getColumns() != x.getShape().back())
    return emitOpError("x has ") << x.getShape().back() << " columns, the panels take " << panels.getColumns();
  if (panels.getRows() != -1 && panels.getRows() != y.getShape().back())
    return emitOpError("the result has ") << y.getShape().back() << " columns, the panels give " << panels.getRows();
  if (getBody().front().getNumArguments() != 1 + getExtras().size())
    return emitOpError("expects one region argument for the sum and one per extra");
  return success();
}

LogicalResult GatherOp::verify() {
  if (getTables().size() != getIndices().size() || getTables().empty())
    return emitOpError("C1: ") << getTables().size() << " tables, " << getIndices().size() << " indices";
  if (getBody().front().getNumArguments() != getTables().size() + getExtras().size())
    return emitOpError("expects one region argument per table and per extra");
  return success();
}
