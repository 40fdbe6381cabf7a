// Attention of 16 query rows of one sequence and one head, by online softmax:
// keys come 32 at a time, a lane each; a warp keeps the running maximum, sum and
// values of four rows. Heads of any width: scores are summed over 64 channels at
// a time through shared memory, values lie in registers, a channel a lane. A
// row's result depends on its own keys alone. Scratch: shared memory only.
#include "passes/Target/CUDA/AttentionBlock.h"

using namespace ptx::cuda;

namespace {
constexpr int64_t channels = 64;
constexpr int64_t keyPitch = channels + 1; // odd: 32 keys lie in 32 banks
constexpr int64_t keyFloats = keysAtOnce * keyPitch, queryFloats = attentionBlockRows * channels;
constexpr int64_t weightFloats = attentionBlockRows * keysAtOnce;

struct Work : AttentionBlock {
  using AttentionBlock::AttentionBlock;
  int64_t channelsPerLane() const { return llvm::divideCeil(headDim, warpSize); }
};

/// What a warp carries from keys to keys, per row.
struct State {
  Softmax softmax;
  SmallVector<Value> values; // [row][channel of the lane]

  SmallVector<Value> pack() const {
    SmallVector<Value> all(softmax.most);
    all.append(softmax.sum);
    all.append(values);
    return all;
  }
  static State unpack(ValueRange all) {
    return {{SmallVector<Value>(all.take_front(rowsPerWarp)), SmallVector<Value>(all.slice(rowsPerWarp, rowsPerWarp))},
            SmallVector<Value>(all.drop_front(2 * rowsPerWarp))};
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
    Value loaded = e.loadWhere(exists, [&] { return e.loadElement(from, from.row(e, row), column); });
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

/// Scores to weights, which go to shared memory; the values so far are brought
/// to the new maximum.
void emitWeights(Emit &e, const Work &w, Value key0, ValueRange scores, State &state) {
  e.mark();
  Value weights = e.at(w.kernel.shared, keyFloats + queryFloats);
  emitSoftmax(e, w, key0, scores, state.softmax, [&](int64_t r, Value weight, Value factor) {
    for (int64_t c = 0; c < w.channelsPerLane(); ++c) {
      Value &value = state.values[r * w.channelsPerLane() + c];
      value = e.mulf(value, factor);
    }
    e.store(weight, e.at(weights, e.add(e.mul(w.row(e, r), keysAtOnce), w.kernel.lane)));
  });
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
      Value value = e.loadElement(w.v, row, channel);
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
  for (int64_t r = 0; r < rowsPerWarp; ++r) {
    Value row = w.row(e, r);
    Value factor = w.isChunk() ? e.constant(1.0f) : w.share(e, row, state.softmax.sum[r]);
    e.when(e.less(row, w.queries), [&] {
      Value out = w.y.row(e, row);
      for (int64_t c = 0; c < w.channelsPerLane(); ++c) {
        Value channel = e.add(w.kernel.lane, c * warpSize);
        Value value = e.mulf(state.values[r * w.channelsPerLane() + c], factor);
        e.when(e.less(channel, e.integer(w.headDim)), [&] { e.storeElement(value, w.y, out, channel); });
      }
    });
  }
  if (w.isChunk())
    emitStateOf(e, w, state.softmax);
}
} // namespace

int64_t ptx::cuda::attentionShared() { return keyFloats + queryFloats + weightFloats; }

void ptx::cuda::emitAttention(Emit &e, const Kernel &kernel) {
  e.mark();
  Work w(e, kernel);
  State start{Softmax::none(e), SmallVector<Value>(rowsPerWarp * w.channelsPerLane(), e.constant(0.0f))};
  auto step = [&](Value key0, ValueRange carried) {
    State state = State::unpack(carried);
    SmallVector<Value> scores = emitScores(e, w, key0);
    emitWeights(e, w, key0, scores, state);
    emitValues(e, w, key0, state);
    return state.pack();
  };
  auto join = [&](ValueRange before, ValueRange chunk) {
    State all = State::unpack(before), later = State::unpack(chunk);
    all.softmax.join(e, later.softmax, [&](int64_t r, Value own, Value other) {
      for (int64_t c = r * w.channelsPerLane(); c < (r + 1) * w.channelsPerLane(); ++c)
        all.values[c] = e.fma(later.values[c], other, e.mulf(all.values[c], own));
    });
    return all.pack();
  };
  emitResults(e, w, State::unpack(emitKeys(e, w, start.pack(), step, join)));
}
