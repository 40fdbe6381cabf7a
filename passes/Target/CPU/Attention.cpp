// Attention of one block of query rows and one head. Scores are kept key by
// key, [key][query]: the queries, transposed once, are lanes. So the softmax
// runs down the lanes without a horizontal sum, and a micro-kernel reads its
// weights where they are. Everything about a query is computed in the order of
// its own keys: its bytes depend on no other row. A lone query fills
// one lane of 16: 33 GB/s of cached keys and values on AVX-512, 22 on AVX2
// (Zen 5, one thread), which a skeleton for decoding could better.
// In a narrow type queries, keys and values are rounded into scratch, and the
// weights where they are stored; then the products are those of f32.
// Scratch, in floats: tile | 64 factors | queries [4][d][16] |
// scores [keys][queries rounded up to 16] | in a narrow type keys, values [keys][d].
#include "passes/Target/CPU/Generators.h"
#include "passes/Target/CPU/KernelModule.h"

#include <limits>

using namespace ptx::cpu;
using Predicate = Emit::Predicate;

static constexpr int64_t blockRows = attentionBlockRows;

static int64_t padded(int64_t headDim) { return llvm::alignTo(headDim, lanes); }
static int64_t queriesOffset() { return tileFloats + blockRows; }
static int64_t scoresOffset(int64_t headDim) { return queriesOffset() + blockRows * padded(headDim); }

int64_t ptx::cpu::attentionScratchBase(int64_t headDim) { return 4 * scoresOffset(headDim); }
int64_t ptx::cpu::attentionScratchPerKey(int64_t headDim, bool isNarrow) {
  return 4 * (blockRows + (isNarrow ? 2 * padded(headDim) : 0));
}

namespace {
// One block and head: matrices begin at the block's or sequence's first row and
// at the head's first column.
struct Work {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, keys; // rows of the block, keys its last row sees
  Value allKeys;       // keys of the sequence
  Value first;         // index of the first row in its sequence
  Matrix scores;       // one row per key, one column per query
  Value keyRoom;       // keys that scratch is sized for
  int64_t headDim;

  bool causal() const { return kernel.op.getCausal(); }
  /// As an operand of a product.
  Value round(Emit &e, Value x) const {
    std::optional<mlir::Type> type = kernel.op.getProductType();
    return type ? emitRound(e, kernel.level, x, *type) : x;
  }
  Value scratch(Emit &e, int64_t floats) const { return e.at(kernel.scratch, floats); }
  // Keys that row `i` of the block sees.
  Value limit(Emit &e, Value i) const { return causal() ? e.minimum(allKeys, e.add(e.add(first, i), 1)) : allKeys; }
};

/// Both products are of f32, whatever their operands are rounded to.
const Operands &products(const Work &w) { return operandsOf(w.kernel.level, std::nullopt); }

/// Keys or values of the block, rounded, from `floats` behind the scores on.
Matrix emitRounded(Emit &e, const Work &w, Matrix from, Value floats) {
  Matrix to{e.at(w.scores.base, e.add(e.mul(w.keyRoom, blockRows), floats)), e.integer(padded(w.headDim))};
  e.loop(e.integer(0), w.keys, 1, [&](Value key) {
    Value source = from.row(e, key), target = to.row(e, key);
    for (int64_t k = 0; k < w.headDim; k += lanes)
      e.store(w.round(e, e.load(e.at(source, k))), e.at(target, k));
  });
  return to;
}

// scores = k q^T. Lanes behind the last query repeat it and are never stored.
void emitScores(Emit &e, const Work &w) {
  Value depth = e.integer(w.headDim), groupFloats = e.integer(padded(w.headDim) * lanes);
  Value queries = w.scratch(e, queriesOffset());
  Value groups = e.ceilDiv(w.queries, lanes);
  e.loop(e.integer(0), groups, 1, [&](Value group) {
    Value row = e.mul(group, lanes);
    Value group16 = e.at(queries, e.mul(group, groupFloats));
    emitTranspose(e, {w.q.row(e, row), w.q.pitch}, e.minimum(e.sub(w.queries, row), e.integer(lanes)), depth, group16);
    if (w.kernel.op.getProductType())
      e.loop(e.integer(0), depth, 1, [&](Value k) {
        Value at = e.at(group16, e.mul(k, lanes));
        e.store(w.round(e, e.load(at)), at);
      });
  });
  cutRows(e, w.kernel.level, w.keys).forEach(e, [&](Value begin, Value rows) {
    auto width = [&](Value g) { return tilePanels(e, w.kernel.level, rows, e.sub(groups, g)); };
    e.stride(e.integer(0), groups, width, [&](Value group, Value panels) {
      auto emit = [&] {
        emitTile(e, products(w),
                 {rows, panels, w.k.row(e, begin), w.k.pitch, e.integer(1), e.at(queries, e.mul(group, groupFloats)),
                  e.integer(lanes), groupFloats, depth, e.at(w.scores.row(e, begin), e.mul(group, lanes)),
                  w.scores.pitch, e.flag(true)});
      };
      if (!w.causal())
        return emit();
      // Does the last query of these panels see the first of these keys?
      Value last = e.sub(e.mul(e.add(group, panels), lanes), e.integer(1));
      e.when(e.compare(Predicate::slt, begin, w.limit(e, last)), emit);
    });
  });
}

// Scores of 16 queries to exp(scale * score - max), sums in order: 16 keys at
// a time, then those sums. The factors 1 / sum are kept.
void emitSoftmax(Emit &e, const Work &w, Value group) {
  Value column = e.mul(group, lanes), zero = e.constant(0.0f);
  Value least = e.constant(-std::numeric_limits<float>::infinity());
  Value scale = e.constant(w.kernel.op.getScaleAttr().getValueAsDouble());
  auto at = [&](Value key) { return e.at(w.scores.row(e, key), column); };
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
  Value sum = e.loop(e.integer(0), limit, lanes, {zero}, [&](Value chunk, ValueRange sums) {
    Value end = e.minimum(limit, e.add(chunk, lanes));
    Value part = e.loop(chunk, end, 1, {zero}, [&](Value key, ValueRange parts) {
      Value score = e.mulf(e.load(at(key)), scale);
      Value weight = masked(key, ptx::target::emitExpNonPositive(e, e.subf(score, most)), zero);
      e.store(w.round(e, weight), at(key));
      return SmallVector<Value>{e.addf(parts[0], weight)};
    })[0];
    return SmallVector<Value>{e.addf(sums[0], part)};
  })[0];
  e.store(e.divf(e.constant(1.0f), sum), e.at(w.scratch(e, tileFloats), column));
}

// Rows of a causal block see different numbers of keys: the first row's keys
// are common to all, the lower half shares some more, each row then continues
// alone over the rest of its own.
void emitOwnKeys(Emit &e, const Work &w, Value begin, Value rows, Value common, Value column, Value panels) {
  Value cRow = e.mul(panels, lanes), one = e.integer(1);
  auto more = [&](Value i, Value count, Value from, Value to) {
    Value row = e.add(begin, i), depth = e.sub(to, from);
    e.when(e.compare(Predicate::sgt, depth, e.integer(0)), [&] {
      emitTile(e, products(w),
               {count, panels, e.at(w.scores.row(e, from), row), one, w.scores.pitch, e.at(w.v.row(e, from), column),
                w.v.pitch, e.integer(lanes), depth, e.at(w.kernel.scratch, e.mul(i, cRow)), cRow, e.flag(false)});
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

void emitValues(Emit &e, const Work &w) {
  Value factors = w.scratch(e, tileFloats), width = e.integer(w.headDim);
  Value groups = e.integer(padded(w.headDim) / lanes);
  cutRows(e, w.kernel.level, w.queries).forEach(e, [&](Value begin, Value rows) {
    Value common = w.limit(e, begin);
    auto panelsAt = [&](Value g) { return tilePanels(e, w.kernel.level, rows, e.sub(groups, g)); };
    e.stride(e.integer(0), groups, panelsAt, [&](Value group, Value panels) {
      Value column = e.mul(group, lanes), cRow = e.mul(panels, lanes);
      emitTile(e, products(w),
               {rows, panels, e.at(w.scores.base, begin), e.integer(1), w.scores.pitch, e.at(w.v.base, column),
                w.v.pitch, e.integer(lanes), common, w.kernel.scratch, cRow, e.flag(true)});
      if (w.causal())
        emitOwnKeys(e, w, begin, rows, common, column, panels);
      e.loop(e.integer(0), rows, 1, [&](Value i) {
        Value row = e.add(begin, i);
        Value some = e.compare(Predicate::sgt, w.limit(e, row), e.integer(0));
        Value factor = e.broadcast(e.loadScalar(e.at(factors, row)));
        e.loop(e.integer(0), panels, 1, [&](Value j) {
          Value n = e.add(column, e.mul(j, lanes));
          Value sums = e.load(e.at(w.kernel.scratch, e.add(e.mul(i, cRow), e.mul(j, lanes))));
          Value result = e.select(some, e.mulf(sums, factor), e.constant(0.0f));
          e.store(result, e.at(w.y.row(e, row), n), e.sub(width, n));
        });
      });
    });
  });
}
} // namespace

void ptx::cpu::emitAttention(Emit &e, const Kernel &kernel) {
  Matrix q = kernel.words.matrix(e, "q"), k = kernel.words.matrix(e, "k"), v = kernel.words.matrix(e, "v"),
         y = kernel.words.matrix(e, "y");
  Value table = kernel.words.pointer(e, "blocks"), begins = kernel.words.pointer(e, "key_begin"),
        counts = kernel.words.pointer(e, "keys");
  int64_t headDim = kernel.op.getHeadDim();
  e.loop(kernel.r0, kernel.r1, 1, [&](Value block) {
    auto entry = [&](int64_t i) { return e.loadInt(table, e.add(e.mul(block, 4), i)); };
    Value sequence = entry(0), begin = entry(1), queries = e.sub(entry(2), begin), first = entry(3);
    Value keyBegin = e.loadInt(begins, sequence), allKeys = e.loadInt(counts, sequence);
    Value keys = kernel.op.getCausal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
    Matrix scores{e.at(kernel.scratch, scoresOffset(headDim)), e.roundUp(queries, lanes)};
    e.loop(kernel.c0, kernel.c1, 1, [&](Value head) {
      Value column = e.mul(head, headDim);
      auto from = [&](Matrix m, Value row) { return Matrix{e.at(m.row(e, row), column), m.pitch}; };
      Work work{kernel,
                from(q, begin),
                from(k, keyBegin),
                from(v, keyBegin),
                from(y, begin),
                queries,
                keys,
                allKeys,
                first,
                scores,
                e.roundUp(keys, lanes),
                headDim};
      if (kernel.op.getProductType()) {
        work.k = emitRounded(e, work, work.k, e.integer(0));
        work.v = emitRounded(e, work, work.v, e.mul(work.keyRoom, padded(headDim)));
      }
      emitScores(e, work);
      e.loop(e.integer(0), e.ceilDiv(queries, lanes), 1, [&](Value group) { emitSoftmax(e, work, group); });
      emitValues(e, work);
    });
  });
}
