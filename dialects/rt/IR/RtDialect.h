#ifndef PTX_DIALECTS_RT_IR_RTDIALECT_H
#define PTX_DIALECTS_RT_IR_RTDIALECT_H

#include "dialects/stage/IR/StageDialect.h"
#include "runtime/device/words.h"

#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/rt/IR/RtDialect.h.inc"
#include "dialects/rt/IR/RtEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/rt/IR/RtAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/rt/IR/RtTypes.h.inc"

namespace ptx::rt {

/// Columns [column, column + width) of a buffer.
struct Window {
  mlir::TypedValue<BufferType> buffer;
  int64_t column, width;
};

/// The storage type of f32, f16, bf16 and i32.
DType dtypeOf(mlir::Type element);
/// "f32", "f16", "bf16", "i32".
llvm::StringRef elementName(DType dtype);

/// What a problem reads and writes.
struct Touched {
  llvm::SmallVector<Window> reads;
  std::optional<Window> write;
};

} // namespace ptx::rt

#define GET_OP_CLASSES
#include "dialects/rt/IR/Rt.h.inc"

#endif // PTX_DIALECTS_RT_IR_RTDIALECT_H
