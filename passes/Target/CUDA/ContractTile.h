// What contractions of many rows share: where a block's tile lies, how its
// factors come to shared memory one step ahead of the sums, and how the sums
// leave it through the region.
#ifndef PTX_PASSES_TARGET_CUDA_CONTRACTTILE_H
#define PTX_PASSES_TARGET_CUDA_CONTRACTTILE_H

#include "passes/Target/CUDA/Generators.h"

namespace ptx::cuda {

/// Words of each row that come to shared memory at once.
inline constexpr int64_t stepWords = 16;
/// Floats between the rows of results in shared memory.
inline constexpr int64_t resultPitch = contractTile.columns + 1;
inline constexpr int64_t resultFloats = contractTile.rows * resultPitch;

/// Where the tile lies.
struct Place {
  Value row, rowEnd, column, width;
};
Place placeOf(Emit &e, const Kernel &kernel);

/// body(row of the tile, word of the step) for this thread's share of 64 rows of a step.
void forEachWord(Emit &e, const Kernel &kernel, llvm::function_ref<void(Value r, Value word)> body);

/// Starts copying words [k0, k0 + 16) of 64 rows from `first` to rows of `pitch`
/// words in shared memory; what lies outside of `end` rows and `depth` words is 0.
void emitCopies(Emit &e, const Kernel &kernel, const Matrix &from, Value first, Value end, Value k0, Value depth,
                Value to, int64_t pitch);

/// Continues the sums over `steps` steps: `copy` brings one to shared memory,
/// `sum` adds it while the next is on its way. Two stages take turns.
SmallVector<Value> emitAhead(Emit &e, const Kernel &kernel, Value steps, int64_t stageFloats, ValueRange sums,
                             llvm::function_ref<void(Value step, Value stage)> copy,
                             llvm::function_ref<SmallVector<Value>(Value stage, ValueRange sums)> sum);

/// Sums go through shared memory, row by row, so that neighbouring threads store
/// neighbouring columns and the region is there once. `put` stores the thread's own.
void emitResults(Emit &e, const Kernel &kernel, const Place &place, llvm::function_ref<void()> put);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_CONTRACTTILE_H
