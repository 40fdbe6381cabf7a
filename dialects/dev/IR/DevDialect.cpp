#include "dialects/dev/IR/DevDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace ptx::dev;

#include "dialects/dev/IR/DevDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/dev/IR/Dev.cpp.inc"

void DevDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/dev/IR/Dev.cpp.inc"
      >();
}

LogicalResult SharedOp::verify() {
  if (static_cast<int64_t>(getFloats()) <= 0)
    return emitOpError("C1: expects a positive number of floats, found ") << static_cast<int64_t>(getFloats());
  return success();
}
