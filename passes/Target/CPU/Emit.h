// A builder of 16-lane vectors at addresses.
#ifndef PTX_PASSES_TARGET_CPU_EMIT_H
#define PTX_PASSES_TARGET_CPU_EMIT_H

#include "passes/Target/CPU/Level.h"
#include "passes/Target/Common/Emit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ptx::cpu {

using mlir::SmallVector;
using mlir::Value;
using mlir::ValueRange;
using target::Element;
using target::Matrix;
using target::Words;

inline constexpr int64_t lanes = 16;

class Emit : public target::Emit {
public:
  Emit(mlir::Location loc, mlir::MLIRContext *context)
      : target::Emit(loc, context, {cpu::lanes, /*integerBits=*/64, /*addressSpace=*/0}) {}

  Value broadcast(Value value) { return create<mlir::vector::BroadcastOp>(wide(value.getType()), value); }
  /// All lanes combined in a fixed tree; every lane holds the result.
  Value tree(Value value, llvm::function_ref<Value(Value, Value)> combine);
  Value sumTree(Value value);
  /// 0 and the lanes, added one after the other: a scalar.
  Value sumInOrder(Value value) {
    return create<mlir::vector::ReductionOp>(mlir::vector::CombiningKind::ADD, value, scalar(0.0f));
  }
  /// 0 to 15, of i32.
  Value laneNumbers();
  /// Lanes below `count` (any i64; all from 16 up).
  Value firstLanes(Value count);
  /// Lanes from `begin` up.
  Value lanesFrom(Value begin);

  using target::Emit::store;
  void store(Value value, Value address, Value count); // the first `count` lanes

  /// Asks for the line of an address before it is read.
  enum class Cache { Second = 2, First = 3 };
  void fetch(Value address, Cache cache) {
    create<mlir::LLVM::Prefetch>(address, /*rw=*/0, /*hint=*/static_cast<int64_t>(cache), /*cache=*/1);
  }

  /// Past the caches, to a multiple of its size: for results that nobody reads
  /// soon. `fence` before others may.
  void stream(Value value, Value address, unsigned alignment = 64) {
    create<mlir::LLVM::StoreOp>(value, address, alignment, /*isVolatile=*/false, /*isNonTemporal=*/true);
  }
  void fence() { create<mlir::LLVM::FenceOp>(mlir::LLVM::AtomicOrdering::seq_cst); }

  void call(llvm::StringRef name, ValueRange operands) {
    create<mlir::func::CallOp>(name, mlir::TypeRange(), operands);
  }
};

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_EMIT_H
