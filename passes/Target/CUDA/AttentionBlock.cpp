#include "passes/Target/CUDA/AttentionBlock.h"

#include <limits>

using namespace ptx::cuda;

static constexpr float least = -std::numeric_limits<float>::infinity();

AttentionBlock::AttentionBlock(Emit &e, const Kernel &kernel) : kernel(kernel), headDim(kernel.op.getHeadDim()) {
  const Words &words = kernel.words;
  Value unit = e.add(kernel.begin, kernel.rowTile), keyBegin, begin, result;
  auto array = [&](llvm::StringRef name, Value index) { return e.loadInt(words.pointer(e, name), index); };
  if (isChunk()) {
    Value sequence = array("chunks", e.mul(unit, 2)), from = array("chunks", e.add(e.mul(unit, 2), 1));
    keyBegin = e.add(array("key_begin", sequence), from);
    allKeys = e.minimum(e.integer(kernel.op.getChunk()), e.sub(array("keys", sequence), from));
    queries = e.integer(1);
    first = e.sub(allKeys, e.integer(1)); // the sequence's last row sees all
    begin = sequence;
    result = unit;
  } else {
    Value entry = e.mul(unit, 4);
    Value sequence = array("blocks", entry);
    begin = result = array("blocks", e.add(entry, 1));
    queries = e.sub(array("blocks", e.add(entry, 2)), begin);
    first = array("blocks", e.add(entry, 3));
    keyBegin = array("key_begin", sequence);
    allKeys = array("keys", sequence);
  }
  keys = causal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
  auto from = [&](llvm::StringRef name, Value row, int64_t width) {
    Matrix m = words.matrix(e, name);
    return Matrix{m.at(e, m.row(e, row), e.mul(kernel.columnTile, width)), m.pitch, m.narrow};
  };
  q = from("q", begin, headDim);
  k = from("k", keyBegin, headDim);
  v = from("v", keyBegin, headDim);
  y = from("y", result, isChunk() ? words::stateFloats(headDim) : headDim);
}

Softmax Softmax::none(Emit &e, int64_t rows) {
  return {SmallVector<Value>(rows, e.constant(least)), SmallVector<Value>(rows, e.constant(0.0f))};
}

void ptx::cuda::emitStateOf(Emit &e, const AttentionBlock &block, const Softmax &softmax) {
  Value isFirst = e.compare(Emit::Predicate::eq, block.kernel.thread, e.integer(0));
  e.when(isFirst, [&] {
    int64_t behind = behindValues(block.headDim);
    e.store(softmax.most[0], e.at(block.y.base, behind));
    e.store(softmax.sum[0], e.at(block.y.base, behind + 1));
  });
}

/// What a sum is multiplied by that was weighted by another greatest score; of no keys it is 0.
static Value emitFactor(Emit &e, Value own, Value most) {
  Value isNone = e.compare(Emit::Compare::OEQ, own, e.constant(least));
  return e.select(isNone, e.constant(0.0f), ptx::target::emitExpNonPositive(e, e.subf(own, most)));
}

void Softmax::join(Emit &e, const Softmax &later, llvm::function_ref<void(int64_t, Value, Value)> use) {
  for (size_t r = 0; r < most.size(); ++r) {
    Value both = e.greater(most[r], later.most[r]);
    Value own = emitFactor(e, most[r], both), other = emitFactor(e, later.most[r], both);
    sum[r] = e.fma(later.sum[r], other, e.mulf(sum[r], own));
    most[r] = both;
    use(static_cast<int64_t>(r), own, other);
  }
}

SmallVector<Value> ptx::cuda::emitKeys(Emit &e, const AttentionBlock &block, ValueRange none,
                                       llvm::function_ref<SmallVector<Value>(Value, ValueRange)> step,
                                       llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> join) {
  int64_t chunk = block.kernel.op.getChunk();
  if (!chunk || block.isChunk())
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
    // Scores that are all -infinity so far have no weight, and not NaN: others may follow.
    Value reference = e.select(e.compare(Emit::Compare::OEQ, most, none), zero, most);
    Value weight = e.select(sees, ptx::target::emitExpNonPositive(e, e.subf(score, reference)), zero);
    Value factor = emitFactor(e, state.most[r], most); // before the first key there is nothing to bring along
    state.sum[r] = e.fma(state.sum[r], factor, e.sumTree(weight));
    state.most[r] = most;
    use(r, weight, factor);
  }
}
