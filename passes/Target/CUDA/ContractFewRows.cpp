// Contraction of one to eight rows: each weight is read once, by the lanes of
// one warp side by side along k. A warp makes 8 x 4 results: every lane sums
// its own steps of k for all of them, then the warp's 32 lanes exchange halves
// until each holds one result.
// A tile moves 4 * 16 * K bytes of weights for 2 * 8 * 16 * K operations, half of
// them where weights are of 16 bits: a lane then takes pairs along k.
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

/// Word k of a row of weights: an element of f32, or a pair of a narrow type.
static SmallVector<Value> emitWeights(Emit &e, const Product &product, Value row, Value k) {
  if (!product.weight.narrow)
    return {e.loadScalar(e.at(row, k))};
  auto [low, high] = e.unpack(e.loadWord(e.at(row, k)), product.weight.narrow);
  return {low, high};
}

/// The elements of a row of x that meet word k of a weight, rounded to its type.
static SmallVector<Value> emitElements(Emit &e, const Product &product, Value row, Value k) {
  mlir::Type type = product.weight.narrow;
  if (!type)
    return {e.loadScalar(e.at(row, k))};
  if (product.x.narrow) {
    auto [low, high] = e.unpack(e.loadWord(e.at(row, k)), type);
    return {low, high};
  }
  Value first = e.mul(k, 2), second = e.add(first, 1), exists = e.less(second, product.depth);
  Value high = e.loadScalar(e.at(row, e.select(exists, second, first)));
  return {e.round(e.loadScalar(e.at(row, first)), type), e.select(exists, e.round(high, type), e.constant(0.0f))};
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
    Value words = product.weight.narrow ? e.ceilDiv(product.depth, 2) : product.depth;
    return e.loop(kernel.lane, words, warpSize, start, [&](Value k, ValueRange partial) {
      SmallVector<SmallVector<Value>> weights;
      for (Value row : wRows)
        weights.push_back(emitWeights(e, product, row, k));
      SmallVector<Value> next(partial);
      for (int64_t i = 0; i < rows; ++i)
        for (auto [step, x] : llvm::enumerate(emitElements(e, product, xRows[i], k)))
          for (int64_t j = 0; j < columns; ++j)
            next[i * columns + j] = e.fma(x, weights[j][step], next[i * columns + j]);
      return next;
    });
  });
  e.mark();
  Value sum = emitExchange(e, kernel, sums);
  Value m = e.add(kernel.begin, e.div(kernel.lane, columns)), n = e.add(column, e.rem(kernel.lane, columns));
  Element element(e, kernel.op, kernel.words);
  Matrix y = kernel.words.matrix(e, "y");
  e.when(e.both(e.less(m, kernel.end), e.less(n, width)),
         [&] { e.storeElement(element(e, sum, m, n), y, y.row(e, m), n); });
}
