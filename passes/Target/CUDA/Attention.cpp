// Attention of 16 query rows of one sequence and one head, by online softmax
// (arXiv 1805.02867): keys come 32 at a time, a lane each; a warp keeps the
// running maximum, sum and values of four rows. Heads of any width: scores are
// summed over 64 channels at a time through shared memory, values lie in
// registers, a channel a lane. A row's result depends on its own keys alone. In
// a narrow type operands are rounded as they come, products are those of f32.
// Scratch: shared memory only.
#include "passes/Target/CUDA/Generators.h"

#include <limits>

using namespace ptx::cuda;
using Predicate = Emit::Predicate;

namespace {
constexpr int64_t keysAtOnce = warpSize, channels = 64;
constexpr int64_t rowsPerWarp = attentionBlockRows / warps;
constexpr int64_t keyPitch = channels + 1; // odd: 32 keys lie in 32 banks
constexpr int64_t keyFloats = keysAtOnce * keyPitch, queryFloats = attentionBlockRows * channels;
constexpr int64_t weightFloats = attentionBlockRows * keysAtOnce;

/// The block's piece of work; matrices begin at its first row and column.
struct Work {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, first; // rows, and the index of the first in its sequence
  Value keys, allKeys;  // keys that the last row sees, and of the sequence
  int64_t headDim;

  bool causal() const { return kernel.op.getCausal(); }
  /// As an operand of a product.
  Value operand(Emit &e, const Matrix &from, Value row, Value column) const {
    Value x = e.loadElement(from, row, column);
    return from.narrow ? x : e.round(x, kernel.op.getProductType());
  }
  /// The row of the block that is this warp's r-th.
  Value row(Emit &e, int64_t r) const { return e.add(e.mul(kernel.warp, rowsPerWarp), r); }
  /// Keys that a row sees.
  Value limit(Emit &e, Value i) const { return causal() ? e.minimum(allKeys, e.add(e.add(first, i), 1)) : allKeys; }
  int64_t channelsPerLane() const { return llvm::divideCeil(headDim, warpSize); }
};

/// What a warp carries from keys to keys, per row.
struct State {
  SmallVector<Value> most, sum, values; // values: [row][channel of the lane]

  SmallVector<Value> pack() const {
    SmallVector<Value> all(most);
    all.append(sum);
    all.append(values);
    return all;
  }
  static State unpack(ValueRange all) {
    State state;
    state.most.assign(all.begin(), all.begin() + rowsPerWarp);
    state.sum.assign(all.begin() + rowsPerWarp, all.begin() + 2 * rowsPerWarp);
    state.values.assign(all.begin() + 2 * rowsPerWarp, all.end());
    return state;
  }
};

/// `rows` x 64 channels from global to shared memory, zeros outside.
void emitStage(Emit &e, const Work &w, const Matrix &from, int64_t rows, int64_t pitch, Value first, Value end,
               Value channel, Value to) {
  for (int64_t i = 0; i < rows * channels / threads; ++i) {
    Value index = e.add(w.kernel.thread, i * threads);
    Value r = e.div(index, channels), c = e.rem(index, channels);
    Value row = e.add(first, r), column = e.add(channel, c);
    Value exists = e.both(e.less(row, end), e.less(column, e.integer(w.headDim)));
    Value loaded = e.loadWhere(exists, [&] { return w.operand(e, from, from.row(e, row), column); });
    e.store(loaded, e.at(to, e.add(e.mul(r, pitch), c)));
  }
}

/// Products of this warp's rows with the lane's key.
SmallVector<Value> emitScores(Emit &e, const Work &w, Value key0) {
  Value keyTile = w.kernel.shared, queryTile = e.at(w.kernel.shared, keyFloats);
  SmallVector<Value> zeros(rowsPerWarp, e.constant(0.0f));
  return e.loop(e.integer(0), e.integer(w.headDim), channels, zeros, [&](Value channel, ValueRange sums) {
    e.mark();
    e.barrier(); // the tiles before have been read
    emitStage(e, w, w.k, keysAtOnce, keyPitch, key0, w.keys, channel, keyTile);
    e.mark();
    emitStage(e, w, w.q, attentionBlockRows, channels, e.integer(0), w.queries, channel, queryTile);
    e.barrier();
    e.mark();
    Value own = e.at(keyTile, e.mul(w.kernel.lane, keyPitch));
    Value rows = e.at(queryTile, e.mul(w.kernel.warp, rowsPerWarp * channels));
    Value count = e.integer(std::min(channels, w.headDim)); // zeros behind the last channel
    return e.loop(e.integer(0), count, 1, sums, [&](Value c, ValueRange partial) {
      Value key = e.loadScalar(e.at(own, c));
      Value query = e.at(rows, c);
      SmallVector<Value> next;
      for (int64_t r = 0; r < rowsPerWarp; ++r)
        next.push_back(e.fma(e.loadScalar(e.at(query, r * channels)), key, partial[r]));
      return next;
    });
  });
}

/// Scores to weights, which go to shared memory; maximum and sum move on, and
/// the values so far are brought to the new maximum.
void emitWeights(Emit &e, const Work &w, Value key0, ValueRange scores, State &state) {
  e.mark();
  Value least = e.constant(-std::numeric_limits<float>::infinity()), zero = e.constant(0.0f);
  Value scale = e.constant(w.kernel.op.getScaleAttr().getValueAsDouble());
  Value weights = e.at(w.kernel.shared, keyFloats + queryFloats);
  Value key = e.add(key0, w.kernel.lane);
  for (int64_t r = 0; r < rowsPerWarp; ++r) {
    Value row = w.row(e, r);
    Value sees = e.less(key, w.limit(e, row));
    Value score = e.select(sees, e.mulf(scores[r], scale), least);
    Value most = e.greater(e.tree(score, [&](Value a, Value b) { return e.greater(a, b); }), state.most[r]);
    Value weight = e.select(sees, ptx::target::emitExpNonPositive(e, e.subf(score, most)), zero);
    // Before the first key there is nothing to bring along.
    Value isFirst = e.compare(Emit::Compare::OEQ, state.most[r], least);
    Value factor = e.select(isFirst, zero, ptx::target::emitExpNonPositive(e, e.subf(state.most[r], most)));
    state.sum[r] = e.fma(state.sum[r], factor, e.sumTree(weight));
    state.most[r] = most;
    for (int64_t c = 0; c < w.channelsPerLane(); ++c) {
      Value &value = state.values[r * w.channelsPerLane() + c];
      value = e.mulf(value, factor);
    }
    e.store(e.round(weight, w.kernel.op.getProductType()), e.at(weights, e.add(e.mul(row, keysAtOnce), w.kernel.lane)));
  }
}

/// values += weights V over keys [begin, end) of the tile, ascending. `masked`: not
/// every row of the warp sees them all, and 0 times an infinite value is no 0.
void emitValues(Emit &e, const Work &w, Value key0, Value begin, Value end, bool masked, State &state) {
  Value weights = e.at(w.kernel.shared, e.add(e.mul(w.kernel.warp, rowsPerWarp * keysAtOnce), keyFloats + queryFloats));
  state.values = e.loop(begin, end, 1, state.values, [&](Value j, ValueRange partial) {
    Value key = e.add(key0, j), row = w.v.row(e, key);
    SmallVector<Value> factors, sees, next(partial);
    for (int64_t r = 0; r < rowsPerWarp; ++r) {
      factors.push_back(e.loadScalar(e.at(weights, e.add(j, r * keysAtOnce))));
      if (masked)
        sees.push_back(e.less(key, w.limit(e, w.row(e, r))));
    }
    for (int64_t c = 0; c < w.channelsPerLane(); ++c) {
      // Channels behind the last repeat it and are never stored.
      Value channel = e.minimum(e.add(w.kernel.lane, c * warpSize), e.integer(w.headDim - 1));
      Value value = w.operand(e, w.v, row, channel);
      for (int64_t r = 0; r < rowsPerWarp; ++r) {
        Value &sum = next[r * w.channelsPerLane() + c];
        Value more = e.fma(factors[r], value, sum);
        sum = masked ? e.select(sees[r], more, sum) : more;
      }
    }
    return next;
  });
}

/// The same over all keys of the tile: first those that the warp's first row
/// sees, and with it all, then the few that only later rows see.
void emitValues(Emit &e, const Work &w, Value key0, State &state) {
  e.mark();
  e.warpBarrier(); // the warp's weights are there
  Value count = e.minimum(e.integer(keysAtOnce), e.sub(w.keys, key0));
  auto seenBy = [&](int64_t r) {
    return e.minimum(count, e.maximum(e.sub(w.limit(e, w.row(e, r)), key0), e.integer(0)));
  };
  Value common = w.causal() ? seenBy(0) : count;
  emitValues(e, w, key0, e.integer(0), common, /*masked=*/false, state);
  if (w.causal())
    emitValues(e, w, key0, common, seenBy(rowsPerWarp - 1), /*masked=*/true, state);
  // The next weights are stored behind the block's barriers of the next scores.
}

void emitResults(Emit &e, const Work &w, const State &state) {
  e.mark();
  Value zero = e.constant(0.0f);
  for (int64_t r = 0; r < rowsPerWarp; ++r) {
    Value row = w.row(e, r);
    Value some = e.compare(Predicate::sgt, w.limit(e, row), e.integer(0));
    Value factor = e.select(some, e.divf(e.constant(1.0f), state.sum[r]), zero);
    e.when(e.less(row, w.queries), [&] {
      Value out = w.y.row(e, row);
      for (int64_t c = 0; c < w.channelsPerLane(); ++c) {
        Value channel = e.add(w.kernel.lane, c * warpSize);
        Value value = e.mulf(state.values[r * w.channelsPerLane() + c], factor);
        e.when(e.less(channel, e.integer(w.headDim)), [&] { e.storeElement(value, w.y, out, channel); });
      }
    });
  }
}
} // namespace

int64_t ptx::cuda::attentionShared() { return keyFloats + queryFloats + weightFloats; }

void ptx::cuda::emitAttention(Emit &e, const Kernel &kernel) {
  e.mark();
  const Words &words = kernel.words;
  Value entry = e.at(words.pointer(e, "blocks"), e.mul(e.add(kernel.begin, kernel.rowTile), 4), e.getI32Type());
  auto field = [&](int64_t i) { return e.loadInt(entry, e.integer(i)); };
  Value sequence = field(0), begin = field(1), queries = e.sub(field(2), begin), first = field(3);
  Value keyBegin = e.loadInt(words.pointer(e, "key_begin"), sequence);
  Value allKeys = e.loadInt(words.pointer(e, "keys"), sequence);
  int64_t headDim = kernel.op.getHeadDim();
  Value keys = kernel.op.getCausal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
  Value column = e.mul(kernel.columnTile, headDim);
  auto from = [&](llvm::StringRef name, Value row) {
    Matrix m = words.matrix(e, name);
    return Matrix{m.at(e, m.row(e, row), column), m.pitch, m.narrow};
  };
  Work w{kernel,  from("q", begin), from("k", keyBegin), from("v", keyBegin), from("y", begin), queries, first, keys,
         allKeys, headDim};
  State start;
  start.most.assign(rowsPerWarp, e.constant(-std::numeric_limits<float>::infinity()));
  start.sum.assign(rowsPerWarp, e.constant(0.0f));
  start.values.assign(rowsPerWarp * w.channelsPerLane(), e.constant(0.0f));
  SmallVector<Value> end = e.loop(e.integer(0), keys, keysAtOnce, start.pack(), [&](Value key0, ValueRange carried) {
    State state = State::unpack(carried);
    SmallVector<Value> scores = emitScores(e, w, key0);
    emitWeights(e, w, key0, scores, state);
    emitValues(e, w, key0, state);
    return state.pack();
  });
  emitResults(e, w, State::unpack(end));
}
