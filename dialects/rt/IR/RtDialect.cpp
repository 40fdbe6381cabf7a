#include "dialects/rt/IR/RtDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ptx::rt;

#include "dialects/rt/IR/RtDialect.cpp.inc"
#include "dialects/rt/IR/RtEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/rt/IR/RtAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/rt/IR/RtTypes.cpp.inc"

void RtDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/rt/IR/RtTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/rt/IR/RtAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/rt/IR/Rt.cpp.inc"
      >();
}
