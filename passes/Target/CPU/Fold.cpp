// Fold: a block of rows times one panel in registers, then the region, onto a
// parameter that lies in panels or, a table, in rows. Depths are ranks, which
// are small: what a tile of the contraction loads and stores around its sums
// would take longer than the sums. A matrix is written past the caches: it is
// larger than they are, and reading it before writing it would cost a third.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

namespace {
struct Folding {
  Matrix a;
  Value b, rank, base, y, pitch, rows, width;
  bool isTable;

  /// Where element (row m, columns n and following) lies in both parameters; n
  /// is a multiple of the lanes.
  Value offset(Emit &e, Value m, Value n) const {
    return isTable ? e.add(e.mul(m, pitch), n) : e.add(e.mul(n, rows), e.mul(m, lanes));
  }
};

/// Rows [first, first + rows) of one panel; r ascending from -0.0, one fused
/// multiply-add each.
void emitRows(Emit &e, const Folding &f, const Element &element, Value first, int64_t rows, Value panel) {
  Value n = e.mul(panel, lanes), b = e.at(f.b, e.mul(n, f.rank));
  SmallVector<Value> starts;
  for (int64_t i = 0; i < rows; ++i)
    starts.push_back(f.a.row(e, e.add(first, i)));
  SmallVector<Value> zeros(rows, e.constant(-0.0f));
  SmallVector<Value> sums = e.loop(e.integer(0), f.rank, 1, zeros, [&](Value r, ValueRange before) {
    Value column = e.load(e.at(b, e.mul(r, lanes)));
    SmallVector<Value> next;
    for (auto [start, sum] : llvm::zip(starts, before))
      next.push_back(e.fma(e.broadcast(e.loadScalar(e.at(start, r))), column, sum));
    return next;
  });
  for (int64_t i = 0; i < rows; ++i) {
    Value m = e.add(first, i), at = f.offset(e, m, n);
    Value value = element(e, {e.load(e.at(f.base, at)), sums[i]}, m, n);
    // Behind the last row of a matrix lie zeros, which stay.
    if (f.isTable)
      e.store(value, e.at(f.y, at), e.sub(f.width, n));
    else
      e.stream(value, e.at(f.y, at));
  }
}
} // namespace

void ptx::cpu::emitFold(Emit &e, const Kernel &kernel) {
  const Words &words = kernel.words;
  Folding f{words.matrix(e, "a"),     words.pointer(e, "b"),     words.integer(e, "rank"),
            words.pointer(e, "base"), words.pointer(e, "y"),     words.integer(e, "y_pitch"),
            words.integer(e, "rows"), words.integer(e, "width"), kernel.op.getLayout() == ptx::xf::Layout::Table};
  Element element(e, kernel.op, words);
  int64_t height = tallestTile(kernel.level, /*panels=*/1);
  Value all = e.sub(kernel.r1, kernel.r0), blocks = e.div(all, height);
  e.loop(kernel.c0, kernel.c1, 1, [&](Value panel) {
    e.loop(e.integer(0), blocks, 1,
           [&](Value block) { emitRows(e, f, element, e.add(kernel.r0, e.mul(block, height)), height, panel); });
    e.loop(e.add(kernel.r0, e.mul(blocks, height)), kernel.r1, 1,
           [&](Value m) { emitRows(e, f, element, m, 1, panel); });
  });
  if (!f.isTable)
    e.fence();
}
