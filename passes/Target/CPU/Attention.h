// One block of query rows and one head of attention, or some side by side.
// Scratch, in floats: tile | of 64 queries the sums of weights or their inverses, then the greatest scores |
// queries [4][d][16] | where keys come by chunks, two states of each query | scores, 64
// for each key | in a narrow type keys, values [keys][d], or pairs of them.
#ifndef PTX_PASSES_TARGET_CPU_ATTENTION_H
#define PTX_PASSES_TARGET_CPU_ATTENTION_H

#include "passes/Target/CPU/Generators.h"
#include "passes/Target/CPU/KernelModule.h"

namespace ptx::cpu {

/// Columns of a head, rounded up to lanes.
inline int64_t padded(int64_t headDim) { return llvm::alignTo(headDim, lanes); }

/// What some keys give a query: their values, weighted and summed, the sum of the
/// weights, and the greatest score, by which the weights are exp(score - greatest).
struct AttentionState {
  Value row;
  int64_t headDim;

  static int64_t floats(int64_t headDim) { return words::stateFloats(headDim); }
  /// The one of a query, or of a head, in a row of them.
  static AttentionState among(Emit &e, Value states, Value index, int64_t headDim) {
    return {e.at(states, e.mul(index, floats(headDim))), headDim};
  }
  Value most(Emit &e) const { return e.at(row, padded(headDim)); }
  Value sum(Emit &e) const { return e.at(row, padded(headDim) + 1); }
  /// Takes in what later keys give.
  void join(Emit &e, const AttentionState &later) const;
  /// The attention of all keys, to a row of y; zeros where there is none.
  void finish(Emit &e, const LevelInfo &level, Value isSome, const Matrix &y, Value row) const;
};

/// Matrices begin at the block's or sequence's first row, or a chunk's first key, and at
/// the head's first column.
struct AttentionBlock {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, keys; // rows of the block, keys its last row sees
  Value allKeys;       // keys of the sequence
  Value first;         // index of the first row in its sequence
  Value keyRoom;       // keys that scratch is sized for
  int64_t headDim;
  const Operands &operands; // of both products
  Value states = {};        // of each query one, that is written in place of y

  /// Whether products are of pairs: two columns of a key, two keys of a weight.
  bool isPaired() const { return operands.product == Product::Bf16Pairs; }
  bool causal() const { return kernel.op.getCausal(); }
  /// As an operand of a product.
  Value round(Emit &e, Value x) const {
    std::optional<mlir::Type> type = kernel.op.getProductType();
    return type ? emitRound(e, kernel.level, x, *type) : x;
  }
  Value scratch(Emit &e, int64_t floats) const { return e.at(kernel.scratch, floats); }
  Value sums(Emit &e) const { return scratch(e, tileFloats); }
  Value mosts(Emit &e) const { return scratch(e, tileFloats + attentionBlockRows); }
  Value queryRoom(Emit &e) const { return scratch(e, queriesOffset()); }
  Value scores(Emit &e) const;
  /// Of the keys so far (0), and of a chunk (1).
  Value stateRoom(Emit &e, int64_t which) const;
  /// Of query `i`.
  AttentionState state(Emit &e, Value i) const { return AttentionState::among(e, states, i, headDim); }
  /// Keys that row `i` of the block sees.
  Value limit(Emit &e, Value i) const;
  /// A greatest score as weights are taken by it: where all of a chunk are -infinity, weights are 0 and not NaN.
  Value reference(Emit &e, Value most) const;
  /// The block at a later head.
  AttentionBlock head(Emit &e, Value head) const;
  /// What the block is from key `from` on.
  AttentionBlock chunk(Emit &e, Value from, Value states) const;

  static int64_t queriesOffset() { return tileFloats + 2 * attentionBlockRows; }
  static int64_t statesOffset(int64_t headDim) { return queriesOffset() + attentionBlockRows * padded(headDim); }
};

ScratchBytes attentionScratch(rt::KernelOp kernel);

// Weights of a query are exp(scale * score - max). They are summed in the order
// of its keys, 16 at a time, then those sums; its values, one after the other. So
// both of these give the same bytes.

/// AttentionOfMany.cpp: one head, lanes are queries.
void emitAttentionOfMany(Emit &e, AttentionBlock block);
/// AttentionOfFew.cpp: query by query, `heads` of them side by side, lanes are keys.
void emitAttentionOfFew(Emit &e, const AttentionBlock &block, Value heads);
/// The block's states of all its keys, which are a chunk, for its one query.
void emitStatesOfFew(Emit &e, const AttentionBlock &block, Value heads);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_ATTENTION_H
