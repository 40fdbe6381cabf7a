#ifndef PTX_DIALECTS_DEV_IR_DEVDIALECT_H
#define PTX_DIALECTS_DEV_IR_DEVDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/dev/IR/DevDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/dev/IR/Dev.h.inc"

#endif // PTX_DIALECTS_DEV_IR_DEVDIALECT_H
