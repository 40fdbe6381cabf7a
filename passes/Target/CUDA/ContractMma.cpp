// Contraction of many rows in f16 or bf16, on tensor cores: a block makes
// 64 x 64 results, a warp 32 x 32 of them by 2 x 4 products of 16 x 8 x 16. Tiles
// of 32 steps of k, as pairs, come to shared memory one ahead of the sums: what
// lies in the type by asynchronous copies, rows of f32 rounded on their way.
// A tile moves 2 * 32 * (64 + 64) bytes for 2 * 64 * 64 * 32 operations.
#include "passes/Target/CUDA/ContractTile.h"

using namespace ptx::cuda;

namespace {
constexpr int64_t warpRows = 32, warpColumns = 32, across = contractTile.columns / warpColumns;
constexpr int64_t mmaRows = 16, mmaColumns = 8, mmaWords = 8; // words of k
constexpr int64_t down = warpRows / mmaRows, beside = warpColumns / mmaColumns, fragment = 4;
// Eight rows and four words beside each other lie in 32 banks.
constexpr int64_t tilePitch = stepWords + 4;
constexpr int64_t operandWords = contractTile.rows * tilePitch, stageWords = 2 * operandWords;
static_assert(warps * warpRows * warpColumns == contractTile.rows * contractTile.columns);

/// Where the lane's part of its warp's fragments lies.
struct Lane {
  Value group, pair; // lane / 4, and lane % 4
  Value row, column; // of the warp's results in the tile

  Lane(Emit &e, const Kernel &kernel)
      : group(e.div(kernel.lane, 4)), pair(e.rem(kernel.lane, 4)), row(e.mul(e.div(kernel.warp, across), warpRows)),
        column(e.mul(e.rem(kernel.warp, across), warpColumns)) {}
};

/// Rows of f32, rounded, as emitCopies brings those of the type; `depth` counts elements.
void emitRoundedCopies(Emit &e, const Kernel &kernel, const Matrix &from, Value first, Value end, Value k0, Value depth,
                       Value to) {
  e.mark();
  mlir::Type type = *kernel.op.getProductType();
  forEachWord(e, kernel, [&](Value r, Value word) {
    Value row = e.add(first, r), k = e.mul(e.add(k0, word), 2), next = e.add(k, 1);
    Value isRow = e.less(row, end);
    auto load = [&](Value column) {
      return e.loadWhere(e.both(isRow, e.less(column, depth)),
                         [&] { return e.loadElement(from, from.row(e, row), column); });
    };
    Value low = load(k);
    e.store(e.pack(low, load(next), type), e.at(to, e.add(e.mul(r, tilePitch), word)));
  });
}

SmallVector<Value> emitSums(Emit &e, const Kernel &kernel, Value stage, ValueRange sums) {
  e.mark();
  Lane lane(e, kernel);
  auto start = [&](Value row) { return e.at(stage, e.add(e.mul(e.add(row, lane.group), tilePitch), lane.pair)); };
  Value xs = start(lane.row), ws = e.at(start(lane.column), operandWords);
  SmallVector<Value> next(sums);
  for (int64_t k = 0; k < stepWords; k += mmaWords) {
    auto word = [&](Value from, int64_t row, int64_t step) {
      return e.loadWord(e.at(from, row * tilePitch + k + step));
    };
    SmallVector<std::array<Value, 2>> weights;
    for (int64_t j = 0; j < beside; ++j)
      weights.push_back({word(ws, j * mmaColumns, 0), word(ws, j * mmaColumns, mmaWords / 2)});
    for (int64_t i = 0; i < down; ++i) {
      Value x[fragment];
      for (int64_t part = 0; part < fragment; ++part)
        x[part] = word(xs, i * mmaRows + part % 2 * (mmaRows / 2), part / 2 * (mmaWords / 2));
      for (int64_t j = 0; j < beside; ++j) {
        Value *c = &next[(i * beside + j) * fragment];
        SmallVector<mlir::Type> types(fragment, e.getF32Type());
        auto product = e.create<ptx::dev::MmaOp>(types, x[0], x[1], x[2], x[3], weights[j][0], weights[j][1], c[0],
                                                 c[1], c[2], c[3], *kernel.op.getProductType());
        llvm::copy(product.getResults(), c);
      }
    }
  }
  return next;
}
} // namespace

int64_t ptx::cuda::contractMmaShared() { return std::max(2 * stageWords, resultFloats); }

void ptx::cuda::emitContractMma(Emit &e, const Kernel &kernel) {
  e.mark();
  Place place = placeOf(e, kernel);
  SmallVector<Value> sums =
      forEachProduct(e, kernel, down * beside * fragment, [&](const Product &product, ValueRange partial) {
        Value words = e.ceilDiv(product.depth, 2);
        return emitAhead(
            e, kernel, e.ceilDiv(words, stepWords), stageWords, partial,
            [&](Value step, Value stage) {
              Value k0 = e.mul(step, stepWords), weights = e.at(stage, operandWords);
              if (product.x.narrow)
                emitCopies(e, kernel, product.x, place.row, place.rowEnd, k0, words, stage, tilePitch);
              else
                emitRoundedCopies(e, kernel, product.x, place.row, place.rowEnd, k0, product.depth, stage);
              emitCopies(e, kernel, product.weight, place.column, place.width, k0, words, weights, tilePitch);
            },
            [&](Value stage, ValueRange before) { return emitSums(e, kernel, stage, before); });
      });
  emitResults(e, kernel, place, [&] {
    Lane lane(e, kernel);
    Value row = e.add(lane.row, lane.group), column = e.add(lane.column, e.mul(lane.pair, 2));
    Value own = e.at(kernel.shared, e.add(e.mul(row, resultPitch), column));
    for (int64_t i = 0; i < down; ++i)
      for (int64_t j = 0; j < beside; ++j)
        for (int64_t part = 0; part < fragment; ++part)
          e.store(sums[(i * beside + j) * fragment + part],
                  e.at(own, (i * mmaRows + part / 2 * (mmaRows / 2)) * resultPitch + j * mmaColumns + part % 2));
  });
}
