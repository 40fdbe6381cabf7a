// Attention of one block of query rows and one head: all scores of the block,
// an exact softmax, then the weighted values. A query row's result depends on
// its own keys only, never on the rows it shares a block with.
// Scratch, in floats: tile | 64 factors | keys [groups][d][16] | queries
// [d][rows] | weights [keys][rows] | scores [64][keys + 16].
#include "passes/Target/CPU/Generators.h"

#include <limits>

using namespace ptx::cpu;
using Predicate = Emit::Predicate;

static constexpr int64_t blockRows = 64;

static int64_t padded(int64_t headDim) { return llvm::alignTo(headDim, lanes); }
static int64_t keysOffset() { return tileFloats + blockRows; }
static int64_t queriesOffset(int64_t headDim) { return keysOffset() + maxPanels * padded(headDim) * lanes; }
static int64_t weightsOffset(int64_t headDim) {
  return queriesOffset(headDim) + blockRows * padded(headDim) + packOverhang;
}

int64_t ptx::cpu::attentionScratchBase(int64_t headDim) {
  return 4 * (weightsOffset(headDim) + packOverhang + blockRows * lanes);
}
int64_t ptx::cpu::attentionScratchPerKey() { return 4 * (blockRows + maxRowsAnyLevel); }

namespace {
// One block and head: matrices begin at the block's or sequence's first row and
// at the head's first column.
struct Work {
  const Kernel &kernel;
  Matrix q, k, v, y;
  Value queries, keys;  // rows of the block, keys its last row may see
  Value allKeys;        // keys of the sequence
  Value first;          // index of the first row in its sequence
  Matrix scores;
  RowBlocks blocks;
  int64_t headDim;

  Value scratch(Emit &e, int64_t floats) const { return e.at(kernel.scratch, floats); }
  // Keys that row `i` of the block sees.
  Value limit(Emit &e, Value i) const {
    return kernel.op.getCausal() ? e.minimum(allKeys, e.add(e.add(first, i), 1)) : allKeys;
  }
  void forBlocks(Emit &e, llvm::function_ref<void(Value begin, Value rows)> body) const {
    e.loop(e.integer(0), blocks.count, 1, [&](Value s) {
      Value begin = blocks.begin(e, s);
      body(begin, e.sub(blocks.begin(e, e.add(s, 1)), begin));
    });
  }
};

// scores = q k^T. Keys are transposed 16 at a time; those behind the last
// repeat it and are never looked at.
void emitScores(Emit &e, const Work &w) {
  Value depth = e.integer(w.headDim), queries = w.scratch(e, queriesOffset(w.headDim));
  Value transposed = w.scratch(e, keysOffset()), groupFloats = e.integer(padded(w.headDim) * lanes);
  packBlocks(e, w.blocks, w.q, depth, queries);
  Value groups = e.ceilDiv(w.keys, lanes);
  auto width = [&](Value g) { return tilePanels(e, w.kernel.level, w.blocks.tallest, e.sub(groups, g)); };
  e.stride(e.integer(0), groups, width, [&](Value group, Value panels) {
    e.loop(e.integer(0), panels, 1, [&](Value j) {
      Value key = e.mul(e.add(group, j), lanes);
      Value left = e.minimum(e.sub(w.allKeys, key), e.integer(lanes));
      emitPack(e, {w.k.row(e, key), w.k.pitch}, left, e.integer(lanes), depth,
               e.at(transposed, e.mul(j, groupFloats)));
    });
    w.forBlocks(e, [&](Value begin, Value rows) {
      Value key = e.mul(group, lanes);
      Value last = w.limit(e, e.sub(e.add(begin, rows), e.integer(1)));
      e.when(e.compare(Predicate::slt, key, last), [&] {
        emitTile(e, {rows, panels, packedBlock(e, w.q, begin, rows, e.at(queries, e.mul(begin, depth))), transposed,
                     e.integer(lanes), groupFloats, depth, e.at(w.scores.row(e, begin), key), w.scores.pitch, true});
      });
    });
  });
}

// Folds a row's first `limit` scores, 16 at a time and in ascending order.
// `lanesLeft` is null where all 16 are scores.
Value foldRow(Emit &e, Value limit, Value start, llvm::function_ref<Value(Value n, Value lanesLeft, Value state)> step) {
  Value whole = e.mul(e.div(limit, e.integer(lanes)), lanes), rest = e.sub(limit, whole);
  Value state = e.loop(e.integer(0), whole, lanes, {start}, [&](Value n, ValueRange states) {
    return SmallVector<Value>{step(n, {}, states[0])};
  })[0];
  auto tail = e.create<mlir::scf::IfOp>(
      e.compare(Predicate::sgt, rest, e.integer(0)),
      [&](mlir::OpBuilder &, mlir::Location) { e.create<mlir::scf::YieldOp>(step(whole, rest, state)); },
      [&](mlir::OpBuilder &, mlir::Location) { e.create<mlir::scf::YieldOp>(state); });
  return tail.getResult(0);
}

// Scores of one row to exp(scale * score - max); the factor 1 / sum is kept.
void emitSoftmaxRow(Emit &e, const Work &w, Value i) {
  Value row = w.scores.row(e, i), limit = w.limit(e, i);
  Value least = e.constant(-std::numeric_limits<float>::infinity());
  Value scale = e.constant(w.kernel.op.getScale()->convertToDouble());
  auto greater = [&](Value a, Value b) { return e.select(e.compare(Emit::Compare::OGT, a, b), a, b); };
  auto scaled = [&](Value n) { return e.mulf(e.load(e.at(row, n)), scale); };
  auto masked = [&](Value left, Value value, Value otherwise) {
    return left ? e.select(e.firstLanes(left), value, otherwise) : value;
  };
  Value most = foldRow(e, limit, least, [&](Value n, Value left, Value most) {
    return greater(most, masked(left, scaled(n), least));
  });
  most = e.tree(most, greater);
  Value sum = foldRow(e, limit, e.constant(0.0f), [&](Value n, Value left, Value sum) {
    Value weight = masked(left, emitExpNonPositive(e, e.subf(scaled(n), most)), e.constant(0.0f));
    e.store(weight, e.at(row, n));
    return e.addf(sum, weight);
  });
  Value factor = e.divf(e.constant(1.0f), e.sumTree(sum));
  Value scalar = e.create<mlir::vector::ExtractOp>(factor, 0);
  e.store(scalar, e.at(e.at(w.kernel.scratch, tileFloats), i));
}

// Rows of a causal block see different numbers of keys: the first row's keys
// are common to all, each row then continues alone over the rest of its own.
void emitOwnKeys(Emit &e, const Work &w, Value begin, Value rows, Value common, Value column, Value panels) {
  Value cRow = e.mul(panels, lanes);
  e.loop(e.integer(1), rows, 1, [&](Value i) {
    Value row = e.add(begin, i), rest = e.sub(w.limit(e, row), common);
    e.when(e.compare(Predicate::sgt, rest, e.integer(0)), [&] {
      // One row takes as many panels as any block does.
      emitTile(e, {e.integer(1), panels, e.at(w.scores.row(e, row), common), e.at(w.v.row(e, common), column),
                   w.v.pitch, e.integer(lanes), rest, e.at(w.kernel.scratch, e.mul(i, cRow)), cRow, false});
    });
  });
}

void emitValues(Emit &e, const Work &w) {
  Value weights = w.scratch(e, weightsOffset(w.headDim)), factors = w.scratch(e, tileFloats);
  Value heads = e.integer(w.headDim), groups = e.integer(padded(w.headDim) / lanes);
  w.forBlocks(e, [&](Value begin, Value rows) {
    Value common = w.limit(e, begin);
    e.when(e.compare(Predicate::sgt, rows, e.integer(1)), [&] {
      emitPack(e, {w.scores.row(e, begin), w.scores.pitch}, rows, rows, common, weights);
    });
    Value a = packedBlock(e, w.scores, begin, rows, weights);
    auto width = [&](Value g) { return tilePanels(e, w.kernel.level, rows, e.sub(groups, g)); };
    e.stride(e.integer(0), groups, width, [&](Value group, Value panels) {
      Value column = e.mul(group, lanes), cRow = e.mul(panels, lanes);
      emitTile(e, {rows, panels, a, e.at(w.v.base, column), w.v.pitch, e.integer(lanes), common, w.kernel.scratch,
                   cRow, true});
      if (w.kernel.op.getCausal())
        emitOwnKeys(e, w, begin, rows, common, column, panels);
      e.loop(e.integer(0), rows, 1, [&](Value i) {
        Value row = e.add(begin, i);
        Value some = e.compare(Predicate::sgt, w.limit(e, row), e.integer(0));
        Value factor = e.broadcast(e.loadScalar(e.at(factors, row)));
        e.loop(e.integer(0), panels, 1, [&](Value j) {
          Value n = e.add(column, e.mul(j, lanes));
          Value sums = e.load(e.at(w.kernel.scratch, e.add(e.mul(i, cRow), e.mul(j, lanes))));
          Value result = e.select(some, e.mulf(sums, factor), e.constant(0.0f));
          e.store(result, e.at(w.y.row(e, row), n), e.sub(heads, n));
        });
      });
    });
  });
}
} // namespace

void ptx::cpu::emitAttention(Emit &e, const Kernel &kernel) {
  Value args = kernel.args;
  auto matrix = [&](int64_t word) { return Matrix{e.pointerWord(args, word), e.word(args, word + 1)}; };
  Matrix q = matrix(0), k = matrix(2), v = matrix(4), y = matrix(6);
  Value table = e.pointerWord(args, 8), begins = e.pointerWord(args, 9), counts = e.pointerWord(args, 10);
  int64_t headDim = kernel.op.getHeadDim();
  e.loop(kernel.r0, kernel.r1, 1, [&](Value block) {
    auto entry = [&](int64_t i) { return e.loadInt(table, e.add(e.mul(block, 4), i)); };
    Value sequence = entry(0), begin = entry(1), queries = e.sub(entry(2), begin), first = entry(3);
    Value keyBegin = e.loadInt(begins, sequence), allKeys = e.loadInt(counts, sequence);
    Value keys = kernel.op.getCausal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
    RowBlocks blocks = cutRows(e, kernel.level, queries);
    e.loop(kernel.c0, kernel.c1, 1, [&](Value head) {
      Value column = e.mul(head, headDim);
      auto from = [&](Matrix m, Value row) { return Matrix{e.at(m.row(e, row), column), m.pitch}; };
      // An odd multiple of 16 floats, so that rows do not share cache sets.
      Value keyFloats = e.roundUp(keys, lanes);
      Value weightFloats = e.add(e.mul(keyFloats, maxRowsAnyLevel), packOverhang);
      Matrix scores{e.at(e.at(kernel.scratch, weightsOffset(headDim)), weightFloats), e.create<mlir::arith::OrIOp>(keyFloats, e.integer(lanes))};
      Work work{kernel, from(q, begin), from(k, keyBegin), from(v, keyBegin), from(y, begin), queries, keys,
                allKeys, first, scores, blocks, headDim};
      emitScores(e, work);
      e.loop(e.integer(0), queries, 1, [&](Value i) { emitSoftmaxRow(e, work, i); });
      emitValues(e, work);
    });
  });
}
