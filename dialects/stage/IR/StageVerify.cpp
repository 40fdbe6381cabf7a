#include "dialects/stage/IR/StageDialect.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::stage;

LogicalResult ContractOp::verify() {
  auto matrix = cast<xf::PackedType>(getWeight().getType());
  if (matrix.getLayout() != xf::Layout::Matrix)
    return emitOpError("expects a weight that is a matrix, found ") << matrix;
  auto x = cast<RankedTensorType>(getX().getType());
  auto y = cast<RankedTensorType>(getResult().getType());
  if (matrix.getColumns() != -1 && matrix.getColumns() != x.getShape().back())
    return emitOpError("x has ") << x.getShape().back() << " columns, the weight takes " << matrix.getColumns();
  if (matrix.getRows() != -1 && matrix.getRows() != y.getShape().back())
    return emitOpError("the result has ") << y.getShape().back() << " columns, the weight gives " << matrix.getRows();
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
