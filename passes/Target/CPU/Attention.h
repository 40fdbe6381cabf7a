// One block of query rows and one head of attention.
// Scratch, in floats: tile | 64 factors | queries [4][d][16] | scores, 64 for each key |
// in a narrow type keys, values [keys][d], or pairs of them.
#ifndef PTX_PASSES_TARGET_CPU_ATTENTION_H
#define PTX_PASSES_TARGET_CPU_ATTENTION_H

#include "passes/Target/CPU/Generators.h"
#include "passes/Target/CPU/KernelModule.h"

namespace ptx::cpu {

/// Columns of a head, rounded up to lanes.
inline int64_t padded(int64_t headDim) { return llvm::alignTo(headDim, lanes); }
inline int64_t queriesOffset() { return tileFloats + attentionBlockRows; }
inline int64_t scoresOffset(int64_t headDim) { return queriesOffset() + attentionBlockRows * padded(headDim); }

/// Matrices begin at the block's or sequence's first row and at the head's
/// first column.
struct AttentionBlock {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, keys; // rows of the block, keys its last row sees
  Value allKeys;       // keys of the sequence
  Value first;         // index of the first row in its sequence
  Value keyRoom;       // keys that scratch is sized for
  int64_t headDim;
  const Operands &operands; // of both products

  /// Whether products are of pairs: two columns of a key, two keys of a weight.
  bool isPaired() const { return operands.product == Product::Bf16Pairs; }
  bool causal() const { return kernel.op.getCausal(); }
  /// As an operand of a product.
  Value round(Emit &e, Value x) const {
    std::optional<mlir::Type> type = kernel.op.getProductType();
    return type ? emitRound(e, kernel.level, x, *type) : x;
  }
  Value scratch(Emit &e, int64_t floats) const { return e.at(kernel.scratch, floats); }
  Value scores(Emit &e) const { return scratch(e, scoresOffset(headDim)); }
  /// Keys that row `i` of the block sees.
  Value limit(Emit &e, Value i) const { return causal() ? e.minimum(allKeys, e.add(e.add(first, i), 1)) : allKeys; }
};

// Weights of a query are exp(scale * score - max). They are summed in the order
// of its keys, 16 at a time, then those sums; its values, one after the other. So
// both of these give the same bytes.

/// AttentionOfMany.cpp: lanes are queries.
void emitAttentionOfMany(Emit &e, AttentionBlock block);
/// AttentionOfFew.cpp: query by query, lanes are keys.
void emitAttentionOfFew(Emit &e, const AttentionBlock &block);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_ATTENTION_H
