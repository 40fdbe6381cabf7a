// Query by query: 16 keys at a time are transposed into lanes, their scores are one
// row of scratch, and the values are added where they lie.
#include "passes/Target/CPU/Attention.h"

#include <limits>

using namespace ptx::cpu;

namespace {
class OneQuery {
public:
  OneQuery(Emit &e, const AttentionBlock &w, Value query)
      : e(e), w(w), type(w.kernel.op.getProductType()), query(query), limit(w.limit(e, query)), row(w.scores(e)) {}

  void emit() {
    emitQuery();
    e.loop(e.integer(0), limit, lanes, [&](Value key) { emitScores(key); });
    emitWeights();
    emitValues();
  }

private:
  /// The query as it is multiplied, in scratch where it does not lie so.
  void emitQuery() {
    q = w.q.row(e, query);
    if (!type || (w.isPaired() && isPrepared(w.operands, w.q)))
      return;
    Value depth = e.integer(w.headDim), room = w.queryRoom(e);
    if (w.isPaired())
      emitPrepare(e, w.operands, {q, w.q.pitch, w.q.narrow}, e.integer(1), depth,
                  {room, preparedPitch(e, w.operands, depth)});
    else
      e.loop(e.integer(0), depth, lanes, [&](Value k) { e.store(load(w.q, q, k), e.at(room, k)); });
    q = room;
  }

  /// 16 columns of a row, as they are multiplied where that is in f32.
  Value load(const Matrix &rows, Value row, Value k) {
    Value x = emitLoad(e, rows, row, k);
    return type && !rows.narrow ? w.round(e, x) : x;
  }

  // score = k q^T for 16 keys. Lanes behind the last key repeat it.
  void emitScores(Value first) {
    Value last = e.sub(e.minimum(limit, e.add(first, lanes)), e.integer(1));
    SmallVector<Value> keys;
    for (int64_t i = 0; i < lanes; ++i) {
      Value key = e.minimum(e.add(first, i), last);
      keys.push_back(w.k.row(e, key));
      emitFetch(w.v, w.v.row(e, key), 0);
      emitFetch(w.k, keys.back(), w.headDim); // of the next head
    }
    int64_t columns = lanes * (w.k.narrow ? 2 : 1), whole = w.headDim / columns * columns;
    Value sum = e.loop(e.integer(0), e.integer(whole), columns, {e.constant(-0.0f)}, [&](Value k, ValueRange sum) {
      return SmallVector<Value>{emitBlock(keys, k, columns, sum[0])};
    })[0];
    if (whole < w.headDim)
      sum = emitBlock(keys, e.integer(whole), w.headDim - whole, sum);
    e.store(sum, e.at(row, first));
  }

  /// A head's part of a row of keys or values: these parts lie far apart in a cache, and
  /// the processor sees no stream of them.
  void emitFetch(const Matrix &rows, Value row, int64_t column) {
    for (int64_t k = 0, line = rows.narrow ? 32 : 16; k < w.headDim; k += line)
      e.fetch(rows.at(e, row, e.integer(column + k)), Emit::Cache::Second);
  }

  /// The products with `count` columns of the keys from `first` on.
  Value emitBlock(llvm::ArrayRef<Value> keys, Value first, int64_t count, Value sum) {
    SmallVector<Value> columns = w.isPaired() ? pairsOf(keys, first, count) : columnsOf(keys, first, count);
    Value from = w.isPaired() ? e.div(first, 2) : first;
    for (auto [i, column] : llvm::enumerate(columns))
      sum = emitMultiplyAdd(e, w.operands, emitBroadcast(e, w.operands, e.at(e.at(q, from), i)), column, sum);
    return sum;
  }

  /// Columns of the keys in f32, each a vector of its own.
  SmallVector<Value> columnsOf(llvm::ArrayRef<Value> keys, Value first, int64_t count) {
    SmallVector<Value> columns;
    if (w.k.narrow)
      for (Value pair : wordsOf(keys, first)) {
        auto [low, high] = emitUnpair(e, pair, w.k.narrow);
        columns.append({low, high});
      }
    else
      columns = emitTransposed(e, llvm::map_to_vector(keys, [&](Value key) { return load(w.k, key, first); }));
    columns.truncate(count);
    return columns;
  }

  /// Pairs of them; a last one alone has zeros beside it.
  SmallVector<Value> pairsOf(llvm::ArrayRef<Value> keys, Value first, int64_t count) {
    SmallVector<Value> pairs;
    if (w.k.narrow && count % 2 == 0) {
      pairs = wordsOf(keys, first);
      pairs.truncate(count / 2);
    } else {
      SmallVector<Value> columns = columnsOf(keys, first, count);
      for (int64_t k = 0; k < count; k += 2)
        pairs.push_back(emitPair(e, columns[k], k + 1 < count ? columns[k + 1] : e.constant(0.0f)));
    }
    for (Value &pair : pairs)
      pair = emitAsOperand(e, w.operands, pair);
    return pairs;
  }

  /// Words of narrow keys, transposed.
  SmallVector<Value> wordsOf(llvm::ArrayRef<Value> keys, Value first) {
    return emitTransposed(e, llvm::map_to_vector(keys, [&](Value key) -> Value {
                            return e.create<mlir::LLVM::LoadOp>(e.wide(e.getI32Type()), w.k.at(e, key, first), 2);
                          }));
  }

  Value seen(Value key, Value value, Value otherwise) {
    return e.select(e.firstLanes(e.sub(limit, key)), value, otherwise);
  }

  /// Scores to weights.
  void emitWeights() {
    Value zero = e.constant(0.0f), least = e.constant(-std::numeric_limits<float>::infinity());
    Value scale = e.constant(w.kernel.op.getScaleAttr().getValueAsDouble());
    auto greater = [&](Value a, Value b) { return e.select(e.compare(Emit::Compare::OGT, a, b), a, b); };
    auto score = [&](Value key) { return e.mulf(e.load(e.at(row, key)), scale); };
    most = e.loop(e.integer(0), limit, lanes, {least}, [&](Value key, ValueRange most) {
      return SmallVector<Value>{greater(most[0], seen(key, score(key), least))};
    })[0];
    most = e.tree(most, greater);
    Value reference = w.reference(e, most);
    sum = e.loop(e.integer(0), limit, lanes, {e.scalar(0.0f)}, [&](Value key, ValueRange sums) {
      Value weight = seen(key, ptx::target::emitExpNonPositive(e, e.subf(score(key), reference)), zero);
      if (w.isPaired()) // those of two keys are a word, in the first half of the row
        e.create<mlir::LLVM::StoreOp>(e.truncate(weight, *type), e.at(row, key, *type), 2);
      else
        e.store(w.round(e, weight), e.at(row, key));
      return SmallVector<Value>{e.addf(sums[0], e.sumInOrder(weight))};
    })[0];
  }

  /// y = weights v, up to four vectors at a time; or the state.
  void emitValues() {
    Value some = e.compare(Emit::Predicate::sgt, limit, e.integer(0)), width = e.integer(w.headDim);
    Value factor = w.states ? Value() : e.divf(e.constant(1.0f), e.broadcast(sum));
    int64_t keysOfStep = w.isPaired() ? 2 : 1;
    for (int64_t n = 0; n < w.headDim; n += 4 * lanes) {
      int64_t vectors = std::min<int64_t>(4, llvm::divideCeil(w.headDim - n, lanes));
      SmallVector<Value> start(vectors, e.constant(-0.0f));
      auto sums = e.loop(e.integer(0), limit, keysOfStep, start, [&](Value key, ValueRange sums) {
        Value step = w.isPaired() ? e.div(key, 2) : key;
        Value weight = emitBroadcast(e, w.operands, e.at(row, step));
        SmallVector<Value> next;
        for (auto [j, sum] : llvm::enumerate(sums))
          next.push_back(emitMultiplyAdd(e, w.operands, weight, valuesOf(key, e.integer(n + j * lanes)), sum));
        return next;
      });
      for (auto [j, sum] : llvm::enumerate(sums)) {
        if (w.states) {
          e.store(sum, e.at(w.state(e, query).row, n + static_cast<int64_t>(j) * lanes));
          continue;
        }
        Value column = e.integer(n + j * lanes);
        Value result = e.select(some, e.mulf(sum, factor), e.constant(0.0f));
        emitStore(e, w.kernel.level, result, w.y, w.y.row(e, query), column, e.sub(width, column));
      }
    }
    if (!w.states)
      return;
    e.store(e.create<mlir::vector::ExtractOp>(most, 0), w.state(e, query).most(e));
    e.store(sum, w.state(e, query).sum(e));
  }

  /// 16 columns of a key's values, or pairs of its and of the next one's: a last one alone has zeros beside it.
  Value valuesOf(Value key, Value n) {
    if (!w.isPaired())
      return load(w.v, w.v.row(e, key), n);
    Value next = e.add(key, 1), isKey = e.less(next, limit);
    Value high = e.select(isKey, emitLoad(e, w.v, w.v.row(e, e.select(isKey, next, key)), n), e.constant(0.0f));
    return emitAsOperand(e, w.operands, emitPair(e, emitLoad(e, w.v, w.v.row(e, key), n), high));
  }

  Emit &e;
  const AttentionBlock &w;
  std::optional<mlir::Type> type;
  Value query, limit; // the keys that it sees
  Value row;          // of scores, then of weights
  Value most, sum;    // of the scores, in every lane, and of the weights
  Value q;
};
} // namespace

void ptx::cpu::emitAttentionOfFew(Emit &e, const AttentionBlock &block) {
  e.loop(e.integer(0), block.queries, 1, [&](Value query) { OneQuery(e, block, query).emit(); });
}
