// Scores are kept key by key, [key][query]: the queries, transposed once, are
// lanes. So the softmax runs down the lanes without a horizontal sum, and a
// micro-kernel reads its weights where they are.
// In a narrow type queries, keys and values are rounded into scratch where they
// are not of that type.
#include "passes/Target/CPU/Attention.h"

#include <limits>

using namespace ptx::cpu;
using Predicate = Emit::Predicate;

namespace {
/// One row per key, one column per query.
Matrix scoresOf(Emit &e, const AttentionBlock &w) { return {w.scores(e), e.roundUp(w.queries, lanes)}; }

/// Room for keys (0) or values (1) as they are multiplied, behind the scores.
Value room(Emit &e, const AttentionBlock &w, int64_t which) {
  return e.at(w.scores(e), e.mul(w.keyRoom, attentionBlockRows + which * padded(w.headDim)));
}

/// Keys or values of the block, rounded, in f32.
Matrix emitRounded(Emit &e, const AttentionBlock &w, Matrix from, int64_t which) {
  Matrix to{room(e, w, which), e.integer(padded(w.headDim))};
  e.loop(e.integer(0), w.keys, 1, [&](Value key) {
    Value source = from.row(e, key), target = to.row(e, key);
    for (int64_t k = 0; k < w.headDim; k += lanes)
      e.store(from.narrow ? emitLoad(e, from, source, e.integer(k)) : w.round(e, e.load(e.at(source, k))),
              e.at(target, k));
  });
  return to;
}

/// Pairs along the columns of the keys.
Matrix emitKeyPairs(Emit &e, const AttentionBlock &w) {
  if (isPrepared(w.operands, w.k))
    return w.k;
  Value depth = e.integer(w.headDim);
  Matrix to{room(e, w, 0), preparedPitch(e, w.operands, depth)};
  emitPrepare(e, w.operands, w.k, w.keys, depth, to);
  return to;
}

/// Pairs of values, of two neighbouring keys; a last one alone has zeros beside it.
Matrix emitValuePairs(Emit &e, const AttentionBlock &w) {
  Matrix to{room(e, w, 1), e.integer(padded(w.headDim))};
  e.loop(e.integer(0), w.keys, 2, [&](Value key) {
    Value next = e.add(key, 1), isKey = e.less(next, w.keys);
    Value low = w.v.row(e, key), high = e.select(isKey, w.v.row(e, next), low);
    Value target = to.row(e, e.div(key, 2));
    mlir::Type element = w.v.narrow ? w.v.narrow : mlir::Type(e.getF32Type());
    Value zero = e.splat(e.getFloatAttr(element, 0.0));
    for (int64_t k = 0; k < w.headDim; k += lanes) {
      auto load = [&](Value row) -> Value {
        return e.create<mlir::LLVM::LoadOp>(e.wide(element), w.v.at(e, row, e.integer(k)), w.v.narrow ? 2 : 4);
      };
      e.store(emitPair(e, load(low), e.select(isKey, load(high), zero)), e.at(target, k));
    }
  });
  return to;
}

/// The queries of a group of 16, transposed, as operands: rounded, or pairs of their columns.
class QueryGroup {
public:
  QueryGroup(Emit &e, const AttentionBlock &w, Value base) : e(e), w(w), base(base) {}

  void emit(Value row, Value rows) {
    Value words = e.integer(w.q.narrow ? w.headDim / 2 : w.headDim);
    emitTranspose(e, {w.q.row(e, row), w.q.pitch}, rows, words, base);
    if (w.q.narrow && !w.isPaired())
      unpack();
    else if (!w.q.narrow && w.isPaired())
      pack();
    else if (!w.q.narrow && w.kernel.op.getProductType())
      e.loop(e.integer(0), e.integer(w.headDim), 1, [&](Value k) { e.store(w.round(e, e.load(at(k))), at(k)); });
  }

private:
  Value at(Value k) { return e.at(base, e.mul(k, lanes)); }

  /// Columns to pairs of them; a last one alone has zeros beside it.
  void pack() {
    e.loop(e.integer(0), e.integer(w.headDim / 2), 1, [&](Value pair) {
      Value k = e.mul(pair, 2);
      e.store(emitPair(e, e.load(at(k)), e.load(at(e.add(k, 1)))), at(pair));
    });
    if (w.headDim % 2)
      e.store(emitPair(e, e.load(at(e.integer(w.headDim - 1))), e.constant(0.0f)), at(e.integer(w.headDim / 2)));
  }

  /// Pairs of columns to columns in f32, in place: from the last on.
  void unpack() {
    int64_t pairs = w.headDim / 2;
    e.loop(e.integer(0), e.integer(pairs), 1, [&](Value i) {
      Value pair = e.sub(e.integer(pairs - 1), i), k = e.mul(pair, 2);
      auto [low, high] = emitUnpair(e, e.create<mlir::LLVM::LoadOp>(e.wide(e.getI32Type()), at(pair), 4), w.q.narrow);
      e.store(high, at(e.add(k, 1)));
      e.store(low, at(k));
    });
  }

  Emit &e;
  const AttentionBlock &w;
  Value base;
};

// scores = k q^T. Lanes behind the last query repeat it and are never stored.
void emitScores(Emit &e, const AttentionBlock &w) {
  Value depth = e.integer(w.headDim), groupFloats = e.integer(padded(w.headDim) * lanes);
  Value queries = w.queryRoom(e);
  Value groups = e.ceilDiv(w.queries, lanes);
  e.loop(e.integer(0), groups, 1, [&](Value group) {
    Value row = e.mul(group, lanes);
    QueryGroup(e, w, e.at(queries, e.mul(group, groupFloats)))
        .emit(row, e.minimum(e.sub(w.queries, row), e.integer(lanes)));
  });
  cutRows(e, w.kernel.level, w.operands, w.keys).forEach(e, [&](Value begin, Value rows) {
    auto width = [&](Value g) { return tilePanels(e, w.kernel.level, rows, e.sub(groups, g)); };
    e.stride(e.integer(0), groups, width, [&](Value group, Value panels) {
      auto emit = [&] {
        emitTile(e, w.operands,
                 {rows, panels, w.k.row(e, begin), w.k.pitch, e.integer(1), e.at(queries, e.mul(group, groupFloats)),
                  e.integer(lanes), groupFloats, w.operands.steps(e, depth),
                  e.at(scoresOf(e, w).row(e, begin), e.mul(group, lanes)), scoresOf(e, w).pitch, e.flag(true)});
      };
      if (!w.causal())
        return emit();
      // Does the last query of these panels see the first of these keys?
      Value last = e.sub(e.mul(e.add(group, panels), lanes), e.integer(1));
      e.when(e.compare(Predicate::slt, begin, w.limit(e, last)), emit);
    });
  });
}

// Scores of 16 queries to weights. Kept are the sums, or where y is written their inverses, and the greatest scores.
void emitSoftmax(Emit &e, const AttentionBlock &w, Value group) {
  Value column = e.mul(group, lanes), zero = e.constant(0.0f);
  Value least = e.constant(-std::numeric_limits<float>::infinity());
  Value scale = e.constant(w.kernel.op.getScaleAttr().getValueAsDouble());
  auto at = [&](Value key) { return e.at(scoresOf(e, w).row(e, key), column); };
  // Lane i of the group sees key j if j <= index of the row.
  auto masked = [&](Value key, Value value, Value otherwise) {
    if (!w.causal())
      return value;
    Value index = e.add(w.first, column);
    return e.select(e.lanesFrom(e.sub(key, index)), value, otherwise);
  };
  Value limit = w.causal() ? e.minimum(w.keys, w.limit(e, e.add(column, lanes - 1))) : w.keys;
  Value most = e.loop(e.integer(0), limit, 1, {least}, [&](Value key, ValueRange most) {
    Value score = masked(key, e.mulf(e.load(at(key)), scale), least);
    return SmallVector<Value>{e.select(e.compare(Emit::Compare::OGT, most[0], score), most[0], score)};
  })[0];
  Value reference = w.reference(e, most);
  Value sum = e.loop(e.integer(0), limit, lanes, {zero}, [&](Value chunk, ValueRange sums) {
    Value end = e.minimum(limit, e.add(chunk, lanes));
    auto weightOf = [&](Value key) {
      Value score = e.mulf(e.load(at(key)), scale);
      return masked(key, ptx::target::emitExpNonPositive(e, e.subf(score, reference)), zero);
    };
    Value part = e.loop(chunk, end, w.isPaired() ? 2 : 1, {zero}, [&](Value key, ValueRange parts) {
      Value weight = weightOf(key), sum = e.addf(parts[0], weight);
      if (!w.isPaired()) {
        e.store(w.round(e, weight), at(key));
        return SmallVector<Value>{sum};
      }
      Value next = e.add(key, 1), second = e.select(e.less(next, limit), weightOf(next), zero);
      e.store(emitPair(e, weight, second), at(e.div(key, 2)));
      return SmallVector<Value>{e.addf(sum, second)};
    })[0];
    return SmallVector<Value>{e.addf(sums[0], part)};
  })[0];
  e.store(w.states ? sum : e.divf(e.constant(1.0f), sum), e.at(w.sums(e), column));
  e.store(most, e.at(w.mosts(e), column));
}

// Rows of a causal block see different numbers of keys: the first row's keys
// are common to all, the lower half shares some more, each row then continues
// alone over the rest of its own.
void emitOwnKeys(Emit &e, const AttentionBlock &w, Value begin, Value rows, Value common, Value column, Value panels) {
  Value cRow = e.mul(panels, lanes), one = e.integer(1);
  auto more = [&](Value i, Value count, Value from, Value to) {
    Value row = e.add(begin, i), depth = e.sub(to, from);
    e.when(e.compare(Predicate::sgt, depth, e.integer(0)), [&] {
      emitTile(e, w.operands,
               {count, panels, e.at(scoresOf(e, w).row(e, from), row), one, scoresOf(e, w).pitch,
                e.at(w.v.row(e, from), column), w.v.pitch, e.integer(lanes), depth,
                e.at(w.kernel.scratch, e.mul(i, cRow)), cRow, e.flag(false)});
    });
  };
  // Fewer rows take as many panels as more rows do.
  Value half = e.div(rows, e.integer(2));
  Value halfway = w.limit(e, e.add(begin, half));
  more(half, e.sub(rows, half), common, halfway);
  e.loop(one, rows, 1, [&](Value i) {
    Value isUpper = e.compare(Predicate::slt, i, half);
    more(i, one, e.select(isUpper, common, halfway), w.limit(e, e.add(begin, i)));
  });
}

void emitValues(Emit &e, const AttentionBlock &w) {
  Value width = e.integer(w.headDim);
  Value groups = e.integer(padded(w.headDim) / lanes);
  cutRows(e, w.kernel.level, w.operands, w.queries).forEach(e, [&](Value begin, Value rows) {
    Value common = w.limit(e, begin);
    auto panelsAt = [&](Value g) { return tilePanels(e, w.kernel.level, rows, e.sub(groups, g)); };
    e.stride(e.integer(0), groups, panelsAt, [&](Value group, Value panels) {
      Value column = e.mul(group, lanes), cRow = e.mul(panels, lanes);
      emitTile(e, w.operands,
               {rows, panels, e.at(scoresOf(e, w).base, begin), e.integer(1), scoresOf(e, w).pitch,
                e.at(w.v.base, column), w.v.pitch, e.integer(lanes), w.operands.steps(e, common), w.kernel.scratch,
                cRow, e.flag(true)});
      if (w.causal())
        emitOwnKeys(e, w, begin, rows, common, column, panels);
      e.loop(e.integer(0), rows, 1, [&](Value i) {
        Value row = e.add(begin, i);
        Value some = e.compare(Predicate::sgt, w.limit(e, row), e.integer(0));
        Value factor = e.broadcast(e.loadScalar(e.at(w.sums(e), row)));
        e.loop(e.integer(0), panels, 1, [&](Value j) {
          Value n = e.add(column, e.mul(j, lanes));
          Value sums = e.load(e.at(w.kernel.scratch, e.add(e.mul(i, cRow), e.mul(j, lanes))));
          if (w.states)
            return e.store(sums, e.at(w.state(e, row).row, n));
          Value result = e.select(some, e.mulf(sums, factor), e.constant(0.0f));
          emitStore(e, w.kernel.level, result, w.y, w.y.row(e, row), n, e.sub(width, n));
        });
      });
    });
  });
}
} // namespace

void ptx::cpu::emitAttentionOfMany(Emit &e, AttentionBlock block) {
  if (block.isPaired()) {
    block.k = emitKeyPairs(e, block);
    block.v = emitValuePairs(e, block);
  } else if (block.kernel.op.getProductType()) {
    block.k = emitRounded(e, block, block.k, 0);
    block.v = emitRounded(e, block, block.v, 1);
  }
  emitScores(e, block);
  e.loop(e.integer(0), e.ceilDiv(block.queries, lanes), 1, [&](Value group) { emitSoftmax(e, block, group); });
  emitValues(e, block);
  if (!block.states)
    return;
  e.loop(e.integer(0), block.queries, 1, [&](Value query) {
    e.store(e.loadScalar(e.at(block.sums(e), query)), block.state(e, query).sum(e));
    e.store(e.loadScalar(e.at(block.mosts(e), query)), block.state(e, query).most(e));
  });
}
