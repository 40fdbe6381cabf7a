#include "test/passes/Interpreter/CaseDialect.h"
#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

MLIR_DEFINE_EXPLICIT_TYPE_ID(ptx::interp::CaseDialect)

static LogicalResult checkDense(Operation *op, StringAttr name, Attribute value, Type element) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (dense && dense.getElementType() == element)
    return success();
  return op->emitOpError("expects '") << name.getValue() << "' to be a dense tensor of " << element << ", found "
                                      << value;
}

static LogicalResult checkCalls(xf::FunctionOp function, Attribute value) {
  auto calls = dyn_cast<ArrayAttr>(value);
  if (!calls)
    return function.emitOpError("expects 'test.calls' to be an array of calls, found ") << value;
  for (Attribute call : calls) {
    auto inputs = dyn_cast<DictionaryAttr>(call);
    if (!inputs)
      return function.emitOpError("expects a call to be a dictionary of inputs, found ") << call;
    for (NamedAttribute input : inputs)
      if (failed(checkDense(function, input.getName(), input.getValue(), IntegerType::get(call.getContext(), 64))))
        return failure();
  }
  return success();
}

static bool isFactor(StringRef name) { return name == "a" || name == "b" || xf::symbolizeFactor(name); }

LogicalResult CaseDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringAttr name = attribute.getName();
  StringRef word = name.getValue().drop_front(sizeof("test.") - 1);
  auto number = Float64Type::get(getContext());
  if (isa<xf::FunctionOp>(op) && word == "calls")
    return checkCalls(cast<xf::FunctionOp>(op), attribute.getValue());
  if (isa<xf::DeltaOp>(op) && word == "scale") {
    auto scale = dyn_cast<FloatAttr>(attribute.getValue());
    if (scale && scale.getType() == number)
      return success();
    return op->emitOpError("expects 'test.scale' to be a number of f64, found ") << attribute.getValue();
  }
  if ((isa<xf::WeightOp, xf::ReplacementOp>(op) && word == "value") || (isa<xf::DeltaOp>(op) && isFactor(word)))
    return checkDense(op, name, attribute.getValue(), number);
  return op->emitOpError("has no attribute '") << name.getValue() << "'";
}
