// Query by query, all heads of a piece side by side: a key's columns are read as they lie,
// one row after the other, so that memory gives what it can. 16 keys at a time are transposed
// into lanes, their scores are a row of scratch for each head, and the values are added
// where they lie.
// Scratch in place of transposed queries: rounded ones and, where keys do not come by chunks,
// the states, a row for each head.
#include "passes/Target/CPU/Attention.h"

#include <limits>

using namespace ptx::cpu;

namespace {
// Heads whose scores lie side by side: 64 floats of scratch for each key would serve as many.
constexpr int64_t headsAtOnce = 16;
// Values of so many keys are added before sums are stored.
constexpr int64_t keysOfStep = 4;
// Rows are asked for so many before they are read.
constexpr int64_t rowsAhead = lanes;
// The first rows of values, while so many keys are weighed as lanes are.
constexpr int64_t valuesOfStep = 2;

/// One query and heads [0, heads) of the block.
class OneQuery {
public:
  OneQuery(Emit &e, const AttentionBlock &w, Value query, Value heads)
      : e(e), w(w), type(w.kernel.op.getProductType()), query(query), heads(heads), queryRow(w.q.row(e, query)),
        limit(w.limit(e, query)) {}

  void emit() {
    emitQueries();
    Value some = e.compare(Emit::Predicate::sgt, limit, e.integer(0)), all = statesAt(0);
    if (int64_t chunk = w.kernel.op.getChunk())
      e.loop(e.integer(0), limit, chunk, [&](Value from) { emitChunk(from, chunk, all); });
    else
      emitKeys(w.k.base, w.v.base, limit, all);
    forHeads([&](Value head) {
      Matrix y = w.y;
      y.base = columnOf(w.y, w.y.base, head);
      state(all, head).finish(e, w.kernel.level, some, y, y.row(e, query));
    });
  }

  /// The states alone, of keys that are a chunk.
  void emitStates() {
    emitQueries();
    emitKeys(w.k.base, w.v.base, limit, w.states);
  }

private:
  void forHeads(llvm::function_ref<void(Value)> body) { e.loop(e.integer(0), heads, 1, body); }
  Value columnOf(const Matrix &rows, Value row, Value head) { return rows.at(e, row, e.mul(head, w.headDim)); }

  //===- scratch -----------------------------------------------------------------//

  /// Of the keys so far (0), and of a chunk (1).
  Value statesAt(int64_t which) {
    return w.kernel.op.getChunk() ? w.stateRoom(e, which) : e.at(w.queryRoom(e), headsAtOnce * padded(w.headDim));
  }
  AttentionState state(Value states, Value head) { return AttentionState::among(e, states, head, w.headDim); }
  Value scoresOf(Value head) { return e.at(w.scores(e), e.mul(head, w.keyRoom)); }

  //===- the query ---------------------------------------------------------------//

  bool isInPlace() { return !type || (w.isPaired() && isPrepared(w.operands, w.q)); }
  Value roundedQuery(Value head) { return e.at(w.queryRoom(e), e.mul(head, padded(w.headDim))); }
  /// A head of the query as it is multiplied.
  Value queryOf(Value head) { return isInPlace() ? columnOf(w.q, queryRow, head) : roundedQuery(head); }

  /// To scratch, where it does not lie as it is multiplied.
  void emitQueries() {
    if (isInPlace())
      return;
    Value depth = e.integer(w.headDim);
    forHeads([&](Value head) {
      Value from = columnOf(w.q, queryRow, head), to = roundedQuery(head);
      if (w.isPaired())
        emitPrepare(e, w.operands, {from, w.q.pitch, w.q.narrow}, e.integer(1), depth,
                    {to, preparedPitch(e, w.operands, depth)});
      else
        e.loop(e.integer(0), depth, lanes, [&](Value k) { e.store(load(w.q, from, k), e.at(to, k)); });
    });
  }

  /// 16 columns of a row, as they are multiplied where that is in f32.
  Value load(const Matrix &rows, Value row, Value k) {
    Value x = emitLoad(e, rows, row, k);
    return type && !rows.narrow ? w.round(e, x) : x;
  }

  //===- keys --------------------------------------------------------------------//

  void emitChunk(Value from, int64_t chunk, Value all) {
    Value isFirst = e.compare(Emit::Predicate::eq, from, e.integer(0));
    Value own = e.select(isFirst, all, statesAt(1));
    emitKeys(w.k.row(e, from), w.v.row(e, from), e.minimum(e.sub(limit, from), e.integer(chunk)), own);
    e.loop(e.select(isFirst, heads, e.integer(0)), heads, 1,
           [&](Value head) { state(all, head).join(e, state(own, head)); });
  }

  /// The states of `count` keys.
  void emitKeys(Value firstKey, Value firstValue, Value count, Value states) {
    k = {firstKey, w.k.pitch, w.k.narrow};
    v = {firstValue, w.v.pitch, w.v.narrow};
    keys = count;
    emitFetchFirst(k);
    e.loop(e.integer(0), keys, lanes, [&](Value first) { forHeads([&](Value head) { emitScores(first, head); }); });
    forHeads([&](Value head) { emitWeights(head, state(states, head)); });
    emitValues(states);
  }

  /// Asks for the first rows, of all heads.
  void emitFetchFirst(const Matrix &rows) {
    e.loop(e.integer(0), e.minimum(keys, e.integer(rowsAhead)), 1, [&](Value key) {
      Value row = rows.row(e, key);
      e.loop(e.integer(0), e.mul(heads, w.headDim), lineOf(rows),
             [&](Value column) { e.fetch(rows.at(e, row, column), Emit::Cache::Second); });
    });
  }

  /// Asks for a line of a head, of the last key where that one is not there. One by one between products: prefetches
  /// in a row take all that the processor can wait for, and its computing waits too.
  void emitFetch(const Matrix &rows, Value key, Value head, Value column) {
    Value row = rows.row(e, e.minimum(key, e.sub(keys, e.integer(1))));
    e.fetch(rows.at(e, columnOf(rows, row, head), column), Emit::Cache::Second);
  }
  static int64_t lineOf(const Matrix &rows) { return rows.narrow ? 2 * lanes : lanes; }

  // score = k q^T for 16 keys. Lanes behind the last key repeat it.
  void emitScores(Value first, Value head) {
    Value last = e.sub(e.minimum(keys, e.add(first, lanes)), e.integer(1)), q = queryOf(head);
    SmallVector<Value> rows;
    for (int64_t i = 0; i < lanes; ++i)
      rows.push_back(columnOf(k, k.row(e, e.minimum(e.add(first, i), last)), head));
    auto add = [&](Value column, int64_t count, Value sum) {
      return emitBlock(rows, q, column, count, sum,
                       [&](int64_t i) { emitFetch(k, e.add(first, rowsAhead + i), head, column); });
    };
    int64_t columns = lineOf(k), whole = w.headDim / columns * columns;
    Value sum = e.loop(e.integer(0), e.integer(whole), columns, {e.constant(-0.0f)}, [&](Value column, ValueRange sum) {
      return SmallVector<Value>{add(column, columns, sum[0])};
    })[0];
    if (whole < w.headDim)
      sum = add(e.integer(whole), w.headDim - whole, sum);
    e.store(sum, e.at(scoresOf(head), first));
  }

  /// The products with `count` columns of the keys from `first` on; between them `fetch` is called for each key.
  Value emitBlock(llvm::ArrayRef<Value> rows, Value q, Value first, int64_t count, Value sum,
                  llvm::function_ref<void(int64_t)> fetch) {
    SmallVector<Value> columns = w.isPaired() ? pairsOf(rows, first, count) : columnsOf(rows, first, count);
    Value from = w.isPaired() ? e.div(first, 2) : first;
    int64_t fetched = 0, products = static_cast<int64_t>(columns.size());
    for (int64_t i = 0; i < products; ++i) {
      sum = emitMultiplyAdd(e, w.operands, emitBroadcast(e, w.operands, e.at(e.at(q, from), i)), columns[i], sum);
      while (fetched < (i + 1) * lanes / products)
        fetch(fetched++);
    }
    return sum;
  }

  /// Columns of the keys in f32, each a vector of its own.
  SmallVector<Value> columnsOf(llvm::ArrayRef<Value> rows, Value first, int64_t count) {
    SmallVector<Value> columns;
    if (k.narrow)
      for (Value pair : wordsOf(rows, first)) {
        auto [low, high] = emitUnpair(e, pair, k.narrow);
        columns.append({low, high});
      }
    else
      for (Value column : emitTransposed(e, at(rows, first), e.getF32Type(), 4))
        columns.push_back(type ? w.round(e, column) : column);
    columns.truncate(count);
    return columns;
  }

  /// Pairs of them; a last one alone has zeros beside it.
  SmallVector<Value> pairsOf(llvm::ArrayRef<Value> rows, Value first, int64_t count) {
    SmallVector<Value> pairs;
    if (k.narrow && count % 2 == 0) {
      pairs = wordsOf(rows, first);
      pairs.truncate(count / 2);
    } else {
      SmallVector<Value> columns = columnsOf(rows, first, count);
      for (int64_t k = 0; k < count; k += 2)
        pairs.push_back(emitPair(e, columns[k], k + 1 < count ? columns[k + 1] : e.constant(0.0f)));
    }
    for (Value &pair : pairs)
      pair = emitAsOperand(e, w.operands, pair);
    return pairs;
  }

  /// Words of narrow keys, transposed.
  SmallVector<Value> wordsOf(llvm::ArrayRef<Value> rows, Value first) {
    return emitTransposed(e, at(rows, first), e.getI32Type(), 2);
  }
  SmallVector<Value> at(llvm::ArrayRef<Value> rows, Value column) {
    return llvm::map_to_vector(rows, [&](Value row) { return k.at(e, row, column); });
  }

  //===- weights -----------------------------------------------------------------//

  Value seen(Value key, Value value, Value otherwise) {
    return e.select(e.firstLanes(e.sub(keys, key)), value, otherwise);
  }

  /// Scores to weights.
  void emitWeights(Value head, const AttentionState &to) {
    Value zero = e.constant(0.0f), least = e.constant(-std::numeric_limits<float>::infinity()), row = scoresOf(head);
    Value scale = e.constant(w.kernel.op.getScaleAttr().getValueAsDouble());
    auto greater = [&](Value a, Value b) { return e.select(e.compare(Emit::Compare::OGT, a, b), a, b); };
    auto score = [&](Value key) { return e.mulf(e.load(e.at(row, key)), scale); };
    Value most = e.loop(e.integer(0), keys, lanes, {least}, [&](Value key, ValueRange most) {
      return SmallVector<Value>{greater(most[0], seen(key, score(key), least))};
    })[0];
    most = e.tree(most, greater);
    Value reference = w.reference(e, most);
    Value sum = e.loop(e.integer(0), keys, lanes, {e.scalar(0.0f)}, [&](Value key, ValueRange sums) {
      Value weight = seen(key, ptx::target::emitExpNonPositive(e, e.subf(score(key), reference)), zero);
      if (w.isPaired()) // those of two keys are a word, in the first half of the row
        e.create<mlir::LLVM::StoreOp>(e.truncate(weight, *type), e.at(row, key, *type), 2);
      else
        e.store(w.round(e, weight), e.at(row, key));
      for (int64_t i = 0; i < valuesOfStep; ++i)
        for (int64_t n = 0; n < w.headDim; n += lineOf(v))
          emitFetch(v, e.add(e.mul(e.div(key, lanes), valuesOfStep), i), head, e.integer(n));
      return SmallVector<Value>{e.addf(sums[0], e.sumInOrder(weight))};
    })[0];
    e.store(e.create<mlir::vector::ExtractOp>(most, 0), to.most(e));
    e.store(sum, to.sum(e));
  }

  //===- values ------------------------------------------------------------------//

  /// The sums of weights v, some keys at a time, key by key.
  void emitValues(Value states) {
    forHeads([&](Value head) {
      for (int64_t n = 0; n < w.headDim; n += lanes)
        e.store(e.constant(-0.0f), e.at(state(states, head).row, n));
    });
    Value whole = e.mul(e.div(keys, keysOfStep), keysOfStep);
    e.loop(e.integer(0), whole, keysOfStep, [&](Value key) {
      forHeads([&](Value head) { addValues(key, keysOfStep, head, state(states, head).row); });
    });
    e.loop(whole, keys, w.isPaired() ? 2 : 1, [&](Value key) {
      forHeads([&](Value head) { addValues(key, w.isPaired() ? 2 : 1, head, state(states, head).row); });
    });
  }

  /// Those of `count` keys, of which in pairs the last may not be there; up to four vectors at a time.
  void addValues(Value key, int64_t count, Value head, Value sums) {
    int64_t step = w.isPaired() ? 2 : 1;
    SmallVector<Value> weights;
    for (int64_t i = 0; i < count; i += step) {
      Value own = e.add(key, i);
      weights.push_back(emitBroadcast(e, w.operands, e.at(scoresOf(head), w.isPaired() ? e.div(own, 2) : own)));
    }
    for (int64_t n = 0; n < w.headDim; n += lanes) {
      Value sum = e.load(e.at(sums, n));
      for (auto [i, weight] : llvm::enumerate(weights))
        sum = emitMultiplyAdd(e, w.operands, weight,
                              valuesOf(e.add(key, static_cast<int64_t>(i) * step), head, e.integer(n)), sum);
      e.store(sum, e.at(sums, n));
      if (n % lineOf(v) == 0)
        for (int64_t i = 0; i < count; ++i)
          emitFetch(v, e.add(key, rowsAhead + i), head, e.integer(n));
    }
  }

  /// 16 columns of a key's values, or pairs of its and of the next one's: a last one alone has zeros beside it.
  Value valuesOf(Value key, Value head, Value n) {
    auto rowOf = [&](Value key) { return columnOf(v, v.row(e, key), head); };
    if (!w.isPaired())
      return load(v, rowOf(key), n);
    Value next = e.add(key, 1), isKey = e.less(next, keys);
    Value high = e.select(isKey, emitLoad(e, v, rowOf(e.select(isKey, next, key)), n), e.constant(0.0f));
    return emitAsOperand(e, w.operands, emitPair(e, emitLoad(e, v, rowOf(key), n), high));
  }

  Emit &e;
  const AttentionBlock &w;
  std::optional<mlir::Type> type;
  Value query, heads, queryRow, limit; // the keys that it sees
  Matrix k, v;                         // of the keys at hand
  Value keys;                          // how many they are
};
} // namespace

/// Heads [first, first + count) of a block.
static void forSomeHeads(Emit &e, const AttentionBlock &block, Value heads,
                         llvm::function_ref<void(const AttentionBlock &, Value)> body) {
  e.loop(e.integer(0), heads, headsAtOnce,
         [&](Value first) { body(block.head(e, first), e.minimum(e.sub(heads, first), e.integer(headsAtOnce))); });
}

void ptx::cpu::emitAttentionOfFew(Emit &e, const AttentionBlock &block, Value heads) {
  forSomeHeads(e, block, heads, [&](const AttentionBlock &some, Value count) {
    e.loop(e.integer(0), block.queries, 1, [&](Value query) { OneQuery(e, some, query, count).emit(); });
  });
}

void ptx::cpu::emitStatesOfFew(Emit &e, const AttentionBlock &block, Value heads) {
  forSomeHeads(e, block, heads,
               [&](const AttentionBlock &some, Value count) { OneQuery(e, some, e.integer(0), count).emitStates(); });
}
