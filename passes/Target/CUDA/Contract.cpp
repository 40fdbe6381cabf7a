// Contraction of many rows in f32: a block makes 64 x 64 results, a thread 8 x 4
// of them. Tiles of 16 steps of k come to shared memory by asynchronous copies,
// one tile ahead of the sums. Sums run over k ascending, then over r, with one
// fused multiply-add each.
// A tile moves 4 * 16 * (64 + 64) bytes for 2 * 64 * 64 * 16 operations.
#include "passes/Target/CUDA/ContractTile.h"

using namespace ptx::cuda;

namespace {
constexpr int64_t rowsPerThread = 8, columnsPerThread = 4;
constexpr int64_t threadColumns = contractTile.columns / columnsPerThread; // threads side by side
constexpr int64_t threadRows = threads / threadColumns;
// An odd pitch: 16 rows of one column lie in 16 banks.
constexpr int64_t tilePitch = stepWords + 1;
constexpr int64_t operandFloats = contractTile.rows * tilePitch, stageFloats = 2 * operandFloats;
static_assert(threadRows * rowsPerThread == contractTile.rows && contractTile.rows == contractTile.columns);
} // namespace

int64_t ptx::cuda::contractShared() { return std::max(2 * stageFloats, resultFloats); }

namespace {
SmallVector<Value> emitSums(Emit &e, const Kernel &kernel, Value stage, ValueRange sums) {
  e.mark();
  Value threadRow = e.div(kernel.thread, threadColumns), threadColumn = e.rem(kernel.thread, threadColumns);
  Value xs = e.at(stage, e.mul(threadRow, tilePitch));
  Value ws = e.at(stage, e.add(e.mul(threadColumn, tilePitch), operandFloats));
  return e.loop(e.integer(0), e.integer(stepWords), 1, sums, [&](Value k, ValueRange partial) {
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
} // namespace

void ptx::cuda::emitContract(Emit &e, const Kernel &kernel) {
  e.mark();
  Place place = placeOf(e, kernel);
  SmallVector<Value> sums =
      forEachProduct(e, kernel, rowsPerThread * columnsPerThread, [&](const Product &product, ValueRange partial) {
        return emitAhead(
            e, kernel, e.ceilDiv(product.depth, stepWords), stageFloats, partial,
            [&](Value step, Value stage) {
              Value k0 = e.mul(step, stepWords), weights = e.at(stage, operandFloats);
              emitCopies(e, kernel, product.x, place.row, place.rowEnd, k0, product.depth, stage, tilePitch);
              emitCopies(e, kernel, product.weight, place.column, place.width, k0, product.depth, weights, tilePitch);
            },
            [&](Value stage, ValueRange before) { return emitSums(e, kernel, stage, before); });
      });
  emitResults(e, kernel, place, [&] {
    Value threadRow = e.div(kernel.thread, threadColumns), threadColumn = e.rem(kernel.thread, threadColumns);
    Value own = e.at(kernel.shared, e.add(e.mul(threadRow, resultPitch), threadColumn));
    for (int64_t i = 0; i < rowsPerThread; ++i)
      for (int64_t j = 0; j < columnsPerThread; ++j)
        e.store(sums[i * columnsPerThread + j], e.at(own, i * threadRows * resultPitch + j * threadColumns));
  });
}
