#include "dialects/stage/IR/StageDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ptx::stage;

#include "dialects/stage/IR/StageDialect.cpp.inc"
#include "dialects/stage/IR/StageEnums.cpp.inc"
#include "dialects/stage/IR/StageInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/stage/IR/StageAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/stage/IR/StageTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/stage/IR/Stage.cpp.inc"

void StageDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/stage/IR/StageAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/stage/IR/StageTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/stage/IR/Stage.cpp.inc"
      >();
}
