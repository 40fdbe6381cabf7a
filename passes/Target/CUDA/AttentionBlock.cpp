#include "passes/Target/CUDA/AttentionBlock.h"

#include <limits>

using namespace ptx::cuda;

static constexpr float least = -std::numeric_limits<float>::infinity();

AttentionBlock::AttentionBlock(Emit &e, const Kernel &kernel) : kernel(kernel), headDim(kernel.op.getHeadDim()) {
  const Words &words = kernel.words;
  Value entry = e.at(words.pointer(e, "blocks"), e.mul(e.add(kernel.begin, kernel.rowTile), 4), e.getI32Type());
  auto field = [&](int64_t i) { return e.loadInt(entry, e.integer(i)); };
  Value sequence = field(0), begin = field(1);
  queries = e.sub(field(2), begin);
  first = field(3);
  Value keyBegin = e.loadInt(words.pointer(e, "key_begin"), sequence);
  allKeys = e.loadInt(words.pointer(e, "keys"), sequence);
  keys = causal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
  Value column = e.mul(kernel.columnTile, headDim);
  auto from = [&](llvm::StringRef name, Value row) {
    Matrix m = words.matrix(e, name);
    return Matrix{m.at(e, m.row(e, row), column), m.pitch, m.narrow};
  };
  q = from("q", begin);
  k = from("k", keyBegin);
  v = from("v", keyBegin);
  y = from("y", begin);
}

Softmax Softmax::none(Emit &e) {
  return {SmallVector<Value>(rowsPerWarp, e.constant(least)), SmallVector<Value>(rowsPerWarp, e.constant(0.0f))};
}

/// What a sum is multiplied by that was weighted by another greatest score; of no keys it is 0.
static Value emitFactor(Emit &e, Value own, Value most) {
  Value isNone = e.compare(Emit::Compare::OEQ, own, e.constant(least));
  return e.select(isNone, e.constant(0.0f), ptx::target::emitExpNonPositive(e, e.subf(own, most)));
}

void Softmax::join(Emit &e, const Softmax &later, llvm::function_ref<void(int64_t, Value, Value)> use) {
  for (int64_t r = 0; r < rowsPerWarp; ++r) {
    Value both = e.greater(most[r], later.most[r]);
    Value own = emitFactor(e, most[r], both), other = emitFactor(e, later.most[r], both);
    sum[r] = e.fma(later.sum[r], other, e.mulf(sum[r], own));
    most[r] = both;
    use(r, own, other);
  }
}

SmallVector<Value> ptx::cuda::emitKeys(Emit &e, const AttentionBlock &block, ValueRange none,
                                       llvm::function_ref<SmallVector<Value>(Value, ValueRange)> step,
                                       llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> join) {
  int64_t chunk = block.kernel.op.getChunk();
  if (!chunk)
    return e.loop(e.integer(0), block.keys, keysAtOnce, none, step);
  return e.loop(e.integer(0), block.keys, chunk, none, [&](Value from, ValueRange all) {
    Value end = e.minimum(block.keys, e.add(from, chunk));
    return join(all, e.loop(from, end, keysAtOnce, none, step));
  });
}

void ptx::cuda::emitSoftmax(Emit &e, const AttentionBlock &block, Value key0, ValueRange scores, Softmax &state,
                            llvm::function_ref<void(int64_t, Value, Value)> use) {
  Value none = e.constant(least), zero = e.constant(0.0f);
  Value scale = e.constant(block.kernel.op.getScaleAttr().getValueAsDouble());
  Value key = e.add(key0, block.kernel.lane);
  for (int64_t r = 0; r < rowsPerWarp; ++r) {
    Value sees = e.less(key, block.limit(e, block.row(e, r)));
    Value score = e.select(sees, e.mulf(scores[r], scale), none);
    Value most = e.greater(e.tree(score, [&](Value a, Value b) { return e.greater(a, b); }), state.most[r]);
    Value weight = e.select(sees, ptx::target::emitExpNonPositive(e, e.subf(score, most)), zero);
    Value factor = emitFactor(e, state.most[r], most); // before the first key there is nothing to bring along
    state.sum[r] = e.fma(state.sum[r], factor, e.sumTree(weight));
    state.most[r] = most;
    use(r, weight, factor);
  }
}
