// Contraction of many rows: a block makes 64 x 64 results, a thread 8 x 4 of
// them. Tiles of 16 steps of k come to shared memory by asynchronous copies,
// one tile ahead of the sums. Sums run over k ascending, then over r, with one
// fused multiply-add each.
// A tile moves 4 * 16 * (64 + 64) bytes for 2 * 64 * 64 * 16 operations.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

namespace {
constexpr int64_t rowsPerThread = 8, columnsPerThread = 4;
constexpr int64_t threadColumns = contractTile.columns / columnsPerThread; // threads side by side
constexpr int64_t threadRows = threads / threadColumns;
// An odd pitch: 16 rows of one column lie in 16 banks.
constexpr int64_t tilePitch = contractDepth + 1;
constexpr int64_t operandFloats = contractTile.rows * tilePitch, stageFloats = 2 * operandFloats;
constexpr int64_t resultPitch = contractTile.columns + 1;
static_assert(threadRows * rowsPerThread == contractTile.rows && contractTile.rows == contractTile.columns);
} // namespace

int64_t ptx::cuda::contractShared() { return std::max(2 * stageFloats, contractTile.rows * resultPitch); }

SmallVector<Value> ptx::cuda::forEachProduct(Emit &e, const Kernel &kernel, int64_t sums,
                                             llvm::function_ref<SmallVector<Value>(const Product &, ValueRange)> body) {
  const Words &words = kernel.words;
  Product base{words.matrix(e, "x"), {words.pointer(e, "weight"), {}}, words.integer(e, "depth")};
  Product low{words.matrix(e, "u"), {words.pointer(e, "b"), {}}, words.integer(e, "rank")};
  Value hasLow = e.compare(Emit::Predicate::sgt, low.depth, e.integer(0));
  Value count = e.select(hasLow, e.integer(2), e.integer(1));
  SmallVector<Value> start(sums, e.constant(-0.0f));
  return e.loop(e.integer(0), count, 1, start, [&](Value i, ValueRange values) {
    Value isBase = e.compare(Emit::Predicate::eq, i, e.integer(0));
    auto choose = [&](Value a, Value b) { return e.select(isBase, a, b); };
    Product product{{choose(base.x.base, low.x.base), choose(base.x.pitch, low.x.pitch)},
                    {choose(base.weight.base, low.weight.base), {}},
                    choose(base.depth, low.depth)};
    // Rows of a weight start at multiples of 16 bytes.
    product.weight.pitch = e.roundUp(product.depth, 4);
    return body(product, values);
  });
}

namespace {
/// Where the tile lies.
struct Place {
  Value row, rowEnd, column, width;
};

/// Starts copying steps [k0, k0 + 16) of 64 rows from `first` to shared memory;
/// what lies outside is 0.
void emitCopies(Emit &e, const Kernel &kernel, const Matrix &from, Value first, Value end, Value k0, Value depth,
                Value to) {
  e.mark();
  for (int64_t i = 0; i < contractTile.rows * contractDepth / threads; ++i) {
    Value index = e.add(kernel.thread, i * threads);
    Value r = e.div(index, contractDepth), step = e.rem(index, contractDepth);
    Value row = e.add(first, r), k = e.add(k0, step);
    Value exists = e.both(e.less(row, end), e.less(k, depth));
    // A valid address even where nothing is read.
    Value safeRow = e.minimum(row, e.sub(end, e.integer(1))), safeK = e.minimum(k, e.sub(depth, e.integer(1)));
    Value source = e.at(from.row(e, safeRow), safeK);
    e.create<ptx::dev::CopyAsyncOp>(e.at(to, e.add(e.mul(r, tilePitch), step)), source, exists);
  }
}

SmallVector<Value> emitSums(Emit &e, const Kernel &kernel, Value stage, ValueRange sums) {
  e.mark();
  Value threadRow = e.div(kernel.thread, threadColumns), threadColumn = e.rem(kernel.thread, threadColumns);
  Value xs = e.at(stage, e.mul(threadRow, tilePitch));
  Value ws = e.at(stage, e.add(e.mul(threadColumn, tilePitch), operandFloats));
  return e.loop(e.integer(0), e.integer(contractDepth), 1, sums, [&](Value k, ValueRange partial) {
    Value xk = e.at(xs, k), wk = e.at(ws, k);
    SmallVector<Value> weights, next;
    for (int64_t j = 0; j < columnsPerThread; ++j)
      weights.push_back(e.loadScalar(e.at(wk, j * threadColumns * tilePitch)));
    for (int64_t i = 0; i < rowsPerThread; ++i) {
      Value x = e.loadScalar(e.at(xk, i * threadRows * tilePitch));
      for (int64_t j = 0; j < columnsPerThread; ++j)
        next.push_back(e.fma(x, weights[j], partial[i * columnsPerThread + j]));
    }
    return next;
  });
}

/// One product, its tiles copied one ahead.
SmallVector<Value> emitProduct(Emit &e, const Kernel &kernel, const Place &place, const Product &product,
                               ValueRange sums) {
  Value tiles = e.ceilDiv(product.depth, contractDepth);
  auto stageOf = [&](Value tile) { return e.at(kernel.shared, e.mul(e.rem(tile, 2), stageFloats)); };
  auto copy = [&](Value tile) {
    Value k0 = e.mul(tile, contractDepth), stage = stageOf(tile);
    emitCopies(e, kernel, product.x, place.row, place.rowEnd, k0, product.depth, stage);
    emitCopies(e, kernel, product.weight, place.column, place.width, k0, product.depth, e.at(stage, operandFloats));
  };
  // A product over no steps (an adapter's rank of 0) copies nothing: nobody would wait for it.
  e.when(e.less(e.integer(0), tiles), [&] { copy(e.integer(0)); });
  e.create<ptx::dev::CommitCopiesOp>();
  return e.loop(e.integer(0), tiles, 1, sums, [&](Value tile, ValueRange partial) {
    Value ahead = e.add(tile, 1);
    e.when(e.less(ahead, tiles), [&] { copy(ahead); });
    e.create<ptx::dev::CommitCopiesOp>();
    e.create<ptx::dev::WaitCopiesOp>(1);
    e.mark();
    e.barrier();
    SmallVector<Value> next = emitSums(e, kernel, stageOf(tile), partial);
    e.mark();
    e.barrier();
    return next;
  });
}

/// Sums go through shared memory, so that neighbouring threads store
/// neighbouring columns and the region is there once.
void emitResults(Emit &e, const Kernel &kernel, const Place &place, ValueRange sums) {
  e.mark();
  Value threadRow = e.div(kernel.thread, threadColumns), threadColumn = e.rem(kernel.thread, threadColumns);
  Value own = e.at(kernel.shared, e.add(e.mul(threadRow, resultPitch), threadColumn));
  for (int64_t i = 0; i < rowsPerThread; ++i)
    for (int64_t j = 0; j < columnsPerThread; ++j)
      e.store(sums[i * columnsPerThread + j], e.at(own, i * threadRows * resultPitch + j * threadColumns));
  e.barrier();
  Element element(e, kernel.op, kernel.words);
  Matrix y = kernel.words.matrix(e, "y");
  Value all = e.integer(contractTile.rows * contractTile.columns);
  e.share(kernel.thread, all, threads, [&](Value index) {
    Value r = e.div(index, contractTile.columns), c = e.rem(index, contractTile.columns);
    Value m = e.add(place.row, r), n = e.add(place.column, c);
    e.when(e.both(e.less(m, place.rowEnd), e.less(n, place.width)), [&] {
      Value sum = e.loadScalar(e.at(kernel.shared, e.add(e.mul(r, resultPitch), c)));
      e.store(element(e, sum, m, n), e.at(y.row(e, m), n));
    });
  });
}
} // namespace

void ptx::cuda::emitContract(Emit &e, const Kernel &kernel) {
  e.mark();
  Place place{e.add(kernel.begin, e.mul(kernel.rowTile, contractTile.rows)), kernel.end,
              e.mul(kernel.columnTile, contractTile.columns), kernel.words.integer(e, "width")};
  SmallVector<Value> sums =
      forEachProduct(e, kernel, rowsPerThread * columnsPerThread, [&](const Product &product, ValueRange partial) {
        return emitProduct(e, kernel, place, product, partial);
      });
  emitResults(e, kernel, place, sums);
}
