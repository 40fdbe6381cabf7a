// Contraction of one to eight rows: each weight is read once, by the lanes of
// one warp side by side along k. A warp makes 8 x 4 results: every lane sums
// its own steps of k for all of them, then the warp's 32 lanes exchange halves
// until each holds one result.
// A tile moves 4 * 16 * K bytes of weights for 2 * 8 * 16 * K operations.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

static constexpr int64_t rows = fewRowsTile.rows, columns = fewRowsTile.columns / warps;
static_assert(rows * columns == warpSize);

/// 32 values in every lane to their 32 sums, one a lane: in each step a lane
/// gives away the half that its partner keeps. Lane l ends with value l.
static Value emitExchange(Emit &e, const Kernel &kernel, SmallVector<Value> values) {
  for (int64_t half = warpSize / 2; half > 0; half /= 2) {
    Value bit = e.create<mlir::arith::AndIOp>(kernel.lane, e.integer(half));
    Value isUpper = e.compare(Emit::Predicate::ne, bit, e.integer(0));
    SmallVector<Value> kept;
    for (int64_t i = 0; i < half; ++i) {
      Value given = e.select(isUpper, values[i], values[i + half]);
      Value own = e.select(isUpper, values[i + half], values[i]);
      kept.push_back(e.addf(own, e.shuffleXor(given, half)));
    }
    values = kept;
  }
  return values[0];
}

void ptx::cuda::emitContractFewRows(Emit &e, const Kernel &kernel) {
  e.mark();
  Value width = kernel.words.integer(e, "width");
  Value column = e.add(e.mul(kernel.columnTile, fewRowsTile.columns), e.mul(kernel.warp, columns));
  Value lastRow = e.sub(kernel.end, e.integer(1)), lastColumn = e.sub(width, e.integer(1));
  SmallVector<Value> sums = forEachProduct(e, kernel, warpSize, [&](const Product &product, ValueRange start) {
    e.mark();
    // Rows and columns behind the last repeat it; they are never stored.
    SmallVector<Value> xRows, wRows;
    for (int64_t i = 0; i < rows; ++i)
      xRows.push_back(product.x.row(e, e.minimum(e.add(kernel.begin, i), lastRow)));
    for (int64_t j = 0; j < columns; ++j)
      wRows.push_back(product.weight.row(e, e.minimum(e.add(column, j), lastColumn)));
    return e.loop(kernel.lane, product.depth, warpSize, start, [&](Value k, ValueRange partial) {
      SmallVector<Value> weights, next;
      for (Value row : wRows)
        weights.push_back(e.loadScalar(e.at(row, k)));
      for (int64_t i = 0; i < rows; ++i) {
        Value x = e.loadScalar(e.at(xRows[i], k));
        for (int64_t j = 0; j < columns; ++j)
          next.push_back(e.fma(x, weights[j], partial[i * columns + j]));
      }
      return next;
    });
  });
  e.mark();
  Value sum = emitExchange(e, kernel, sums);
  Value m = e.add(kernel.begin, e.div(kernel.lane, columns)), n = e.add(column, e.rem(kernel.lane, columns));
  Element element(e, kernel.op, kernel.words);
  Matrix y = kernel.words.matrix(e, "y");
  e.when(e.both(e.less(m, kernel.end), e.less(n, width)),
         [&] { e.store(element(e, sum, m, n), e.at(y.row(e, m), n)); });
}
