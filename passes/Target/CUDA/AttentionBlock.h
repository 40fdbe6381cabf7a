// What both attentions share: where a block's queries and keys lie, and the
// online softmax (arXiv 1805.02867) over 32 keys, of four rows a warp.
#ifndef PTX_PASSES_TARGET_CUDA_ATTENTIONBLOCK_H
#define PTX_PASSES_TARGET_CUDA_ATTENTIONBLOCK_H

#include "passes/Target/CUDA/Generators.h"

namespace ptx::cuda {

inline constexpr int64_t keysAtOnce = warpSize, rowsPerWarp = attentionBlockRows / warps;

/// The block's piece of work: some queries of a sequence, or the one that it has and a chunk of its keys. Matrices
/// begin at its first row and column; y, of a chunk, at the head's state.
struct AttentionBlock {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, first; // rows, and the index of the first in its sequence
  Value keys, allKeys;  // keys that the last row sees, and of the sequence
  int64_t headDim;

  AttentionBlock(Emit &e, const Kernel &kernel);
  bool causal() const { return kernel.op.getCausal(); }
  bool isChunk() const { return kernel.op.getSkeleton() == xf::Skeleton::AttentionChunk; }
  /// The row of the block that is this warp's r-th.
  Value row(Emit &e, int64_t r) const { return e.add(e.mul(kernel.warp, rowsPerWarp), r); }
  /// Keys that a row sees.
  Value limit(Emit &e, Value i) const { return causal() ? e.minimum(allKeys, e.add(e.add(first, i), 1)) : allKeys; }
  /// What the sum of weighted values of a row is multiplied by.
  Value share(Emit &e, Value row, Value sum) const {
    Value some = e.compare(Emit::Predicate::sgt, limit(e, row), e.integer(0));
    return e.select(some, e.divf(e.constant(1.0f), sum), e.constant(0.0f));
  }
};

/// Of the warp's rows so far, in every lane: the greatest score, and the sum of the weights.
struct Softmax {
  SmallVector<Value> most, sum;

  static Softmax none(Emit &e, int64_t rows = rowsPerWarp);
  /// Takes in what later keys gave: use(r, own, other) takes what sums so far and theirs must be multiplied by.
  void join(Emit &e, const Softmax &later, llvm::function_ref<void(int64_t r, Value own, Value other)> use);
};

/// Where a head's state has its greatest score, behind the values; the sum of the weights comes next.
inline int64_t behindValues(int64_t headDim) { return words::stateFloats(headDim) - 16; }

/// Of a chunk: the greatest score and the sum of the weights, by the lane and warp of the query.
void emitStateOf(Emit &e, const AttentionBlock &block, const Softmax &softmax);

/// Keys [0, block.keys) by steps of keysAtOnce, and by chunks where the kernel has them. A state is values that are
/// carried: step(key0, state) continues one, join(all, chunk) adds what a chunk gave to what those before it did.
SmallVector<Value> emitKeys(Emit &e, const AttentionBlock &block, ValueRange none,
                            llvm::function_ref<SmallVector<Value>(Value, ValueRange)> step,
                            llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> join);

/// Scores of the warp's rows, a key a lane, to weights: use(r, weight, factor) takes
/// each, and what all before must be multiplied by. Weights of keys that a row
/// does not see are 0.
void emitSoftmax(Emit &e, const AttentionBlock &block, Value key0, ValueRange scores, Softmax &state,
                 llvm::function_ref<void(int64_t r, Value weight, Value factor)> use);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_ATTENTIONBLOCK_H
