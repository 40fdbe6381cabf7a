// A builder of what one GPU thread does: scalars in 32-bit integers, matrices
// in global memory, tiles in shared memory.
#ifndef PTX_PASSES_TARGET_CUDA_EMIT_H
#define PTX_PASSES_TARGET_CUDA_EMIT_H

#include "dialects/dev/IR/DevDialect.h"
#include "passes/Target/Common/Emit.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <source_location>

namespace ptx::cuda {

using mlir::SmallVector;
using mlir::Value;
using mlir::ValueRange;
using target::Element;
using target::Matrix;
using target::Words;

inline constexpr int64_t warpSize = 32;
/// Threads of every block: kernels of one launch share a grid.
inline constexpr int64_t threads = 128, warps = threads / warpSize;

class Emit : public target::Emit {
public:
  Emit(mlir::Location loc, mlir::MLIRContext *context)
      : target::Emit(loc, context, {/*lanes=*/1, /*integerBits=*/32, /*addressSpace=*/1}) {}

  /// What follows stems from this line of the generator: what the emulator
  /// names in its reports.
  void mark(std::source_location where = std::source_location::current());

  Value thread() { return fromIndex(create<mlir::gpu::ThreadIdOp>(mlir::gpu::Dimension::x)); }
  Value block() { return fromIndex(create<mlir::gpu::BlockIdOp>(mlir::gpu::Dimension::x)); }
  void barrier() { create<mlir::gpu::BarrierOp>(); }
  void warpBarrier() { create<dev::WarpBarrierOp>(); }
  Value shuffleXor(Value value, int64_t distance);
  /// All 32 threads of the warp combined in a fixed tree; each gets the result.
  Value tree(Value value, llvm::function_ref<Value(Value, Value)> combine);
  Value sumTree(Value value) {
    return tree(value, [&](Value a, Value b) { return addf(a, b); });
  }
  /// a greater b ? a : b, where a NaN in b stays out.
  Value greater(Value a, Value b) { return select(compare(Compare::OGT, a, b), a, b); }

  // Elements of 16 bits, two to a word: the first in its lower half.
  Value loadWord(Value address) { return create<mlir::LLVM::LoadOp>(getI32Type(), address, 4); }
  Value pack(Value low, Value high, mlir::Type element);
  std::pair<Value, Value> unpack(Value word, mlir::Type element);
  /// To f16 or bf16 and back; no type leaves it as it is.
  Value round(Value x, std::optional<mlir::Type> element) { return element ? extend(truncate(x, *element)) : x; }
  /// An element of a row, of whatever type, in f32; and one stored.
  Value loadElement(const Matrix &rows, Value row, Value column);
  void storeElement(Value x, const Matrix &rows, Value row, Value column);
  /// What `load` makes, or 0 where the condition does not hold.
  Value loadWhere(Value condition, llvm::function_ref<Value()> load);

  /// body(i) for i = first, first + step, ... below `high`: a thread's share.
  void share(Value first, Value high, int64_t step, llvm::function_ref<void(Value)> body) {
    loop(first, high, step, body);
  }

private:
  Value fromIndex(Value index) { return create<mlir::arith::IndexCastOp>(integerType(), index); }
};

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_EMIT_H
