// Fold: a warp a row of the sums, a lane every 32nd column.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

// y[n,k] = region(base[n,k], sum_r a[k,r] b[n,r], extras...)
void ptx::cuda::emitFold(Emit &e, const Kernel &kernel) {
  e.mark();
  const Words &words = kernel.words;
  Matrix a = words.matrix(e, "a"), b{words.pointer(e, "b"), {}};
  Value rank = words.integer(e, "rank"), width = words.integer(e, "width"), pitch = words.integer(e, "y_pitch");
  Value base = words.pointer(e, "base"), y = words.pointer(e, "y");
  b.pitch = e.roundUp(rank, 4); // rows of a weight start at multiples of 16 bytes
  bool isTable = kernel.op.getLayout() == ptx::xf::Layout::Table;
  Element element(e, kernel.op, words);
  Value begin = e.mul(kernel.columnTile, foldTile.columns), end = e.minimum(e.add(begin, foldTile.columns), width);
  forWarpRow(e, kernel, [&](Value m) {
    Value row = a.row(e, m);
    e.share(e.add(begin, kernel.lane), end, warpSize, [&](Value n) {
      Value weights = b.row(e, n);
      Value sum = e.loop(e.integer(0), rank, 1, {e.constant(-0.0f)}, [&](Value r, ValueRange sums) {
        return SmallVector<Value>{e.fma(e.loadScalar(e.at(row, r)), e.loadScalar(e.at(weights, r)), sums[0])};
      })[0];
      Matrix from{base, pitch}, to{y, pitch};
      Value outer = isTable ? m : n, inner = isTable ? n : m;
      e.store(element(e, {e.loadScalar(e.at(from.row(e, outer), inner)), sum}, m, n), e.at(to.row(e, outer), inner));
    });
  });
}
