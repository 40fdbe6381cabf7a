// Attention in f16 or bf16 on tensor cores: 16 query rows of one sequence and one
// head, by online softmax. Of 32 keys a warp computes the scores of eight, which
// go to shared memory; then it weighs four rows, a key a lane; then it continues
// the sums of 16 channels of every 64. Operands lie in shared memory as pairs:
// queries and keys along channels, weights and values along keys. A row's result
// depends on its own keys alone: what a row does not see has the weight 0, and
// values that are not finite, of which 0 times one is none, stay out of the
// products and are given to the rows that do see them.
#include "passes/Target/CUDA/AttentionBlock.h"

#include <limits>

using namespace ptx::cuda;
using mlir::Type;

namespace {
constexpr int64_t channels = 64, halves = threads / channels; // of channels, at once
constexpr int64_t mmaColumns = 8, mmaWords = 8, fragment = 4; // words of k
constexpr int64_t warpChannels = channels / warps, beside = warpChannels / mmaColumns;
// Eight rows and four words beside each other lie in 32 banks.
constexpr int64_t channelPitch = channels / 2 + 4, keyPitch = keysAtOnce / 2 + 4, scorePitch = keysAtOnce + 1;
constexpr int64_t queryWords = attentionBlockRows * channelPitch;
constexpr int64_t tileWords = std::max(keysAtOnce * channelPitch, channels *keyPitch); // keys, then values
constexpr int64_t scoreWords = attentionBlockRows * scorePitch, weightWords = attentionBlockRows * keyPitch;
static_assert(warps * mmaColumns == keysAtOnce && beside * mmaColumns == warpChannels);

class Attention {
public:
  Attention(Emit &e, const Kernel &kernel)
      : e(e), kernel(kernel), block(e, kernel), type(*kernel.op.getProductType()), group(e.div(kernel.lane, 4)),
        pair(e.rem(kernel.lane, 4)), channel(e.rem(kernel.thread, channels)), half(e.div(kernel.thread, channels)) {
    auto place = [&, next = int64_t(0)](int64_t words) mutable {
      Value at = e.at(kernel.shared, next);
      next += words;
      return at;
    };
    query = place(queryWords);
    tile = place(tileWords);
    scores = place(scoreWords);
    weights = place(weightWords);
    factors = place(attentionBlockRows);
  }

  static constexpr int64_t shared = queryWords + tileWords + scoreWords + weightWords + attentionBlockRows;

  void emit() {
    if (chunks() == 1)
      stageQueries(0);
    State start{Softmax::none(e), SmallVector<Value>(chunks() * beside * fragment, e.constant(0.0f)),
                SmallVector<Value>(block.causal() ? chunks() : 0, e.integer(none))};
    auto unpack = [&](ValueRange all) { return State::unpack(all, chunks() * beside * fragment); };
    auto step = [&](Value key0, ValueRange all) {
      State state = unpack(all);
      emitScores(key0);
      weigh(key0, state.softmax);
      for (int64_t chunk = 0; chunk < chunks(); ++chunk)
        addValues(key0, chunk, state);
      return state.pack();
    };
    auto join = [&](ValueRange before, ValueRange chunk) {
      State all = unpack(before);
      joinStates(all, unpack(chunk));
      return all.pack();
    };
    emitResults(unpack(emitKeys(e, block, start.pack(), step, join)));
  }

private:
  static constexpr int64_t none = std::numeric_limits<int32_t>::max();

  /// What is carried from keys to keys.
  struct State {
    Softmax softmax;              // of the warp's rows
    SmallVector<Value> sums;      // [chunk][tile of eight channels][fragment], of all rows
    SmallVector<Value> notFinite; // causal: by chunk, the first key whose value of the thread's channel is not

    SmallVector<Value> pack() const {
      SmallVector<Value> all(softmax.most);
      all.append(softmax.sum);
      all.append(sums);
      all.append(notFinite);
      return all;
    }
    static State unpack(ValueRange all, int64_t sums) {
      auto rest = all.drop_front(2 * rowsPerWarp);
      return {
          {SmallVector<Value>(all.take_front(rowsPerWarp)), SmallVector<Value>(all.slice(rowsPerWarp, rowsPerWarp))},
          SmallVector<Value>(rest.take_front(sums)),
          SmallVector<Value>(rest.drop_front(sums))};
    }
  };

  int64_t chunks() const { return llvm::divideCeil(block.headDim, channels); }

  //===- operands in shared memory ---------------------------------------------//

  /// Rows [first, first + rows) of 64 channels, zeros outside of `end` rows and of the head.
  void stageRows(const Matrix &from, int64_t rows, Value first, Value end, int64_t chunk, Value to) {
    constexpr int64_t words = channels / 2;
    for (int64_t i = 0; i < rows * words / threads; ++i) {
      Value index = e.add(kernel.thread, i * threads), r = e.div(index, words), word = e.rem(index, words);
      Value row = e.add(first, r), column = e.add(e.mul(word, 2), chunk * channels);
      Value isRow = e.less(row, end), start = from.row(e, row);
      auto isThere = [&](Value c) { return e.both(isRow, e.less(c, e.integer(block.headDim))); };
      auto load = [&](Value c) { return e.loadWhere(isThere(c), [&] { return e.loadElement(from, start, c); }); };
      // Of 16 bits a head has an even number of columns.
      Value made;
      if (from.narrow) {
        made = e.loadWhere(isThere(column), [&] { return e.loadWord(from.at(e, start, column)); });
      } else {
        Value low = load(column);
        made = e.pack(low, load(e.add(column, 1)), type);
      }
      e.store(made, e.at(to, e.add(e.mul(r, channelPitch), word)));
    }
  }

  void stageQueries(int64_t chunk) {
    e.mark();
    stageRows(block.q, attentionBlockRows, e.integer(0), block.queries, chunk, query);
  }

  /// The bits of a value, as an operand of a product.
  Value bitsOf(Value key, Value column) {
    Value bits;
    if (block.v.narrow)
      bits = e.create<mlir::LLVM::LoadOp>(e.getI16Type(), block.v.at(e, block.v.row(e, key), column), 2);
    else
      bits = e.create<mlir::arith::BitcastOp>(e.getI16Type(),
                                              e.truncate(e.loadElement(block.v, block.v.row(e, key), column), type));
    return e.create<mlir::arith::ExtUIOp>(e.getI32Type(), bits);
  }

  /// Values of 64 channels, channel by channel, keys in pairs.
  void stageValues(Value key0, int64_t chunk, State &state) {
    e.mark();
    Value own = e.add(channel, chunk * channels), isChannel = e.less(own, e.integer(block.headDim));
    Value exponent = e.integer(type.isBF16() ? 0x7f80 : 0x7c00); // of what is not finite all ones
    auto load = [&](Value key) {
      Value bits = e.loadWhere(e.both(isChannel, e.less(key, block.keys)), [&] { return bitsOf(key, own); });
      if (!block.causal())
        return bits;
      Value isBad = e.compare(Emit::Predicate::eq, e.both(bits, exponent), exponent);
      Value &first = state.notFinite[chunk];
      first = e.select(isBad, e.minimum(first, key), first);
      return e.select(isBad, e.integer(0), bits);
    };
    for (int64_t i = 0; i < keysAtOnce / 2 / halves; ++i) {
      Value word = e.add(half, i * halves), key = e.add(key0, e.mul(word, 2));
      Value low = load(key), high = e.create<mlir::arith::ShLIOp>(load(e.add(key, 1)), e.integer(16));
      Value both = e.create<mlir::arith::OrIOp>(low, high);
      e.store(both, e.at(tile, e.add(e.mul(channel, keyPitch), word)));
    }
  }

  //===- products --------------------------------------------------------------//

  /// c += a b: 16 rows of `a` from word k on, eight of `b`, which begin at these rows' own places.
  void multiply(Value a, int64_t aPitch, Value b, int64_t k, llvm::MutableArrayRef<Value> c) {
    auto word = [&](Value from, int64_t row, int64_t step, int64_t pitch) {
      return e.loadWord(e.at(from, row * pitch + k + step));
    };
    Value x[fragment];
    for (int64_t part = 0; part < fragment; ++part)
      x[part] = word(a, part % 2 * 8, part / 2 * (mmaWords / 2), aPitch);
    SmallVector<Type> types(fragment, e.getF32Type());
    auto product = e.create<ptx::dev::MmaOp>(types, x[0], x[1], x[2], x[3], word(b, 0, 0, 0),
                                             word(b, 0, mmaWords / 2, 0), c[0], c[1], c[2], c[3], type);
    llvm::copy(product.getResults(), c.begin());
  }

  /// The lane's place in rows from `row` on.
  Value laneOf(Value rows, Value row, int64_t pitch) {
    return e.at(rows, e.add(e.mul(e.add(row, group), pitch), pair));
  }

  /// Of all rows with 32 keys, to shared memory.
  void emitScores(Value key0) {
    SmallVector<Value> sums(fragment, e.constant(0.0f));
    Value keyRow = e.mul(kernel.warp, mmaColumns);
    for (int64_t chunk = 0; chunk < chunks(); ++chunk) {
      e.mark();
      e.barrier(); // the tiles before have been read
      stageRows(block.k, keysAtOnce, key0, block.keys, chunk, tile);
      if (chunks() > 1)
        stageQueries(chunk);
      e.barrier();
      e.mark();
      Value a = laneOf(query, e.integer(0), channelPitch), b = laneOf(tile, keyRow, channelPitch);
      int64_t words = llvm::divideCeil(std::min(channels, block.headDim - chunk * channels), 2);
      for (int64_t k = 0; k < words; k += mmaWords)
        multiply(a, channelPitch, b, k, sums);
    }
    e.mark();
    for (int64_t part = 0; part < fragment; ++part) {
      Value row = e.add(group, part / 2 * 8), key = e.add(e.add(keyRow, e.mul(pair, 2)), part % 2);
      e.store(sums[part], e.at(scores, e.add(e.mul(row, scorePitch), key)));
    }
    e.barrier();
  }

  void weigh(Value key0, Softmax &softmax) {
    e.mark();
    Matrix rounded{weights, e.integer(keyPitch), type};
    SmallVector<Value> own;
    for (int64_t r = 0; r < rowsPerWarp; ++r)
      own.push_back(e.loadScalar(e.at(scores, e.add(e.mul(block.row(e, r), scorePitch), kernel.lane))));
    Value isFirst = e.compare(Emit::Predicate::eq, kernel.lane, e.integer(0));
    emitSoftmax(e, block, key0, own, softmax, [&](int64_t r, Value weight, Value factor) {
      Value row = block.row(e, r);
      e.storeElement(weight, rounded, rounded.row(e, row), kernel.lane);
      e.when(isFirst, [&] { e.store(factor, e.at(factors, row)); });
    });
  }

  /// The lane's two rows' elements of shared memory.
  std::pair<Value, Value> ofRows(Value from) {
    return {e.loadScalar(e.at(from, group)), e.loadScalar(e.at(from, e.add(group, 8)))};
  }

  void addValues(Value key0, int64_t chunk, State &state) {
    if (chunk > 0)
      e.barrier(); // the values before have been read
    stageValues(key0, chunk, state);
    e.barrier(); // weights and factors are there too
    e.mark();
    auto [upper, lower] = ofRows(factors);
    Value a = laneOf(weights, e.integer(0), keyPitch);
    for (int64_t t = 0; t < beside; ++t) {
      llvm::MutableArrayRef<Value> sums(&state.sums[(chunk * beside + t) * fragment], fragment);
      for (int64_t part = 0; part < fragment; ++part)
        sums[part] = e.mulf(sums[part], part < 2 ? upper : lower);
      Value b = laneOf(tile, e.add(e.mul(kernel.warp, warpChannels), t * mmaColumns), keyPitch);
      for (int64_t k = 0; k < keysAtOnce / 2; k += mmaWords)
        multiply(a, keyPitch, b, k, sums);
    }
  }

  /// Adds what later keys gave.
  void joinStates(State &all, const State &later) {
    e.mark();
    e.barrier(); // factors have been read
    Value isFirst = e.compare(Emit::Predicate::eq, kernel.lane, e.integer(0));
    all.softmax.join(e, later.softmax, [&](int64_t r, Value own, Value other) {
      e.when(isFirst, [&] {
        e.store(own, e.at(factors, block.row(e, r)));
        e.store(other, e.at(scores, block.row(e, r))); // which nobody needs any more
      });
    });
    e.barrier();
    e.mark();
    auto [upper, lower] = ofRows(factors);
    auto [laterUpper, laterLower] = ofRows(scores);
    for (auto [i, sum] : llvm::enumerate(all.sums)) {
      bool isUpper = i % fragment < 2;
      sum = e.fma(later.sums[i], isUpper ? laterUpper : laterLower, e.mulf(sum, isUpper ? upper : lower));
    }
    for (auto [first, laterFirst] : llvm::zip(all.notFinite, later.notFinite))
      first = e.minimum(first, laterFirst);
  }

  void emitResults(const State &state) {
    e.mark();
    e.barrier(); // factors have been read
    e.when(e.compare(Emit::Predicate::eq, kernel.lane, e.integer(0)), [&] {
      for (int64_t r = 0; r < rowsPerWarp; ++r) {
        Value row = block.row(e, r);
        Value share = block.isChunk() ? e.constant(1.0f) : block.share(e, row, state.softmax.sum[r]);
        e.store(share, e.at(factors, row));
      }
    });
    if (block.isChunk())
      emitStateOf(e, block, state.softmax);
    for (int64_t chunk = 0; chunk < chunks(); ++chunk) {
      if (block.causal()) {
        if (chunk > 0)
          e.barrier();
        e.store(state.notFinite[chunk], e.at(tile, kernel.thread));
      }
      if (block.causal() || chunk == 0)
        e.barrier();
      e.mark();
      auto [upper, lower] = ofRows(factors);
      for (int64_t t = 0; t < beside; ++t)
        for (int64_t part = 0; part < fragment; ++part) {
          Value row = e.add(group, part / 2 * 8);
          Value column = e.add(e.add(e.mul(kernel.warp, warpChannels), e.mul(pair, 2)), t * mmaColumns + part % 2);
          Value sum = state.sums[(chunk * beside + t) * fragment + part];
          put(row, column, chunk, e.mulf(sum, part < 2 ? upper : lower));
        }
    }
  }

  void put(Value row, Value column, int64_t chunk, Value value) {
    if (block.causal()) {
      auto first = [&](int64_t from) { return e.loadInt(tile, e.add(column, from * channels)); };
      Value bad = first(0);
      for (int64_t from = 1; from < halves; ++from)
        bad = e.minimum(bad, first(from));
      value = e.select(e.less(bad, block.limit(e, row)), e.constant(std::numeric_limits<float>::quiet_NaN()), value);
    }
    Value at = e.add(column, chunk * channels);
    Value exists = e.both(e.less(row, block.queries), e.less(at, e.integer(block.headDim)));
    e.when(exists, [&] { e.storeElement(value, block.y, block.y.row(e, row), at); });
  }

  Emit &e;
  const Kernel &kernel;
  AttentionBlock block;
  Type type;
  Value group, pair;                           // lane / 4, and lane % 4
  Value channel, half;                         // of the values that the thread brings
  Value query, tile, scores, weights, factors; // in shared memory
};
} // namespace

int64_t ptx::cuda::attentionMmaShared() { return Attention::shared; }

void ptx::cuda::emitAttentionMma(Emit &e, const Kernel &kernel) {
  e.mark();
  Attention(e, kernel).emit();
}
