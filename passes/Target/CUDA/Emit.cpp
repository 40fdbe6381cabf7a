#include "passes/Target/CUDA/Emit.h"

using namespace mlir;
using namespace ptx::cuda;

// The file's name alone: nothing of the machine that compiles reaches the code.
void Emit::mark(std::source_location where) {
  StringRef file = StringRef(where.file_name()).rsplit('/').second;
  setLoc(FileLineColLoc::get(getContext(), file, where.line(), 1));
}

Value Emit::shuffleXor(Value value, int64_t distance) {
  return create<gpu::ShuffleOp>(value, static_cast<int32_t>(distance), static_cast<int32_t>(warpSize),
                                gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value Emit::tree(Value value, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = warpSize / 2; distance > 0; distance /= 2)
    value = combine(value, shuffleXor(value, distance));
  return value;
}
