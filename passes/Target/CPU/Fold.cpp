// Fold: sums of a tile as a contraction makes them, then the region, onto a
// parameter that lies in panels or, a table, in rows.
// Scratch: one tile.
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

void emitBlock(Emit &e, const Kernel &kernel, const Folding &f, const Element &element, Value first, Value rows,
               Value panel, Value panels) {
  Value cRow = e.mul(panels, lanes), bPanel = e.mul(f.rank, lanes);
  emitTile(e, {rows, panels, f.a.row(e, first), f.a.pitch, e.integer(1), e.at(f.b, e.mul(panel, bPanel)),
               e.integer(lanes), bPanel, f.rank, kernel.scratch, cRow, /*fresh=*/true});
  e.loop(e.integer(0), panels, 1, [&](Value j) {
    Value n = e.mul(e.add(panel, j), lanes);
    e.loop(e.integer(0), rows, 1, [&](Value i) {
      Value m = e.add(first, i), sums = e.at(e.at(kernel.scratch, e.mul(i, cRow)), e.mul(j, lanes));
      Value at = f.offset(e, m, n);
      Value value = element(e, {e.load(e.at(f.base, at)), e.load(sums)}, m, n);
      // Behind the last row of a matrix lie zeros, which stay.
      if (f.isTable)
        e.store(value, e.at(f.y, at), e.sub(f.width, n));
      else
        e.store(value, e.at(f.y, at));
    });
  });
}
} // namespace

void ptx::cpu::emitFold(Emit &e, const Kernel &kernel) {
  const Words &words = kernel.words;
  Folding f{words.matrix(e, "a"),     words.pointer(e, "b"),     words.integer(e, "rank"),
            words.pointer(e, "base"), words.pointer(e, "y"),     words.integer(e, "y_pitch"),
            words.integer(e, "rows"), words.integer(e, "width"), kernel.op.getLayout() == ptx::xf::Layout::Table};
  Element element(e, kernel.op, words);
  RowBlocks blocks = cutRows(e, kernel.level, e.sub(kernel.r1, kernel.r0));
  e.stride(
      kernel.c0, kernel.c1,
      [&](Value panel) { return tilePanels(e, kernel.level, blocks.tallest, e.sub(kernel.c1, panel)); },
      [&](Value panel, Value panels) {
        blocks.forEach(e, [&](Value begin, Value rows) {
          emitBlock(e, kernel, f, element, e.add(kernel.r0, begin), rows, panel, panels);
        });
      });
}
