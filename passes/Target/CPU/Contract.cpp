// Contraction: every group of weight panels meets every block of rows of a
// chunk that the second-level cache holds. Rows are read where they lie:
// packing them first was no faster from 1 to 512 rows (Zen 5, both levels,
// weights in the third-level cache).
// Scratch: one tile.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

// 384 KiB: a chunk of rows and a group of panels share 1 MiB of cache.
static constexpr int64_t chunkFloats = int64_t{96} * 1024;

int64_t ptx::cpu::contractScratch() { return 4 * tileFloats; }

namespace {
struct Contraction {
  Matrix x, y, u;
  Value weight, depth, width, b, rank;
};

// One block of rows times one group of panels, then the region.
void emitBlock(Emit &e, const Kernel &kernel, const Contraction &c, const Element &element, Value first, Value rows,
               Value panel, Value panels) {
  Value cRow = e.mul(panels, lanes), column = e.mul(panel, lanes), one = e.integer(1);
  auto tile = [&](const Matrix &a, Value b, Value depth, bool fresh) {
    emitTile(e, {rows, panels, a.row(e, first), a.pitch, one, e.at(b, e.mul(column, depth)), e.integer(lanes),
                 e.mul(depth, lanes), depth, kernel.scratch, cRow, fresh});
  };
  tile(c.x, c.weight, c.depth, /*fresh=*/true);
  e.when(e.compare(Emit::Predicate::sgt, c.rank, e.integer(0)), [&] { tile(c.u, c.b, c.rank, /*fresh=*/false); });
  e.loop(e.integer(0), rows, 1, [&](Value i) {
    Value m = e.add(first, i);
    Value out = c.y.row(e, m), sums = e.at(kernel.scratch, e.mul(i, cRow));
    e.loop(e.integer(0), panels, 1, [&](Value j) {
      Value n = e.mul(e.add(panel, j), lanes);
      Value value = element(e, e.load(e.at(sums, e.mul(j, lanes))), m, n);
      e.store(value, e.at(out, n), e.sub(c.width, n));
    });
  });
}
} // namespace

void ptx::cpu::emitContract(Emit &e, const Kernel &kernel) {
  const Words &words = kernel.words;
  Contraction c{kernel.words.matrix(e, "x"), kernel.words.matrix(e, "y"), kernel.words.matrix(e, "u"),
                words.pointer(e, "weight"),  words.integer(e, "depth"),   words.integer(e, "width"),
                words.pointer(e, "b"),       words.integer(e, "rank")};
  Element element(e, kernel.op, words);
  Value all = e.sub(kernel.r1, kernel.r0);
  Value depth = e.maximum(c.depth, e.integer(1));
  Value most = e.maximum(e.div(e.integer(chunkFloats), depth), e.integer(1));
  Value chunks = e.div(e.add(all, e.sub(most, e.integer(1))), most);
  e.loop(e.integer(0), chunks, 1, [&](Value chunk) {
    Value from = e.div(e.mul(chunk, all), chunks), to = e.div(e.mul(e.add(chunk, 1), all), chunks);
    Value row = e.add(kernel.r0, from);
    RowBlocks blocks = cutRows(e, kernel.level, e.sub(to, from));
    e.stride(
        kernel.c0, kernel.c1,
        [&](Value panel) { return tilePanels(e, kernel.level, blocks.tallest, e.sub(kernel.c1, panel)); },
        [&](Value panel, Value panels) {
          blocks.forEach(e, [&](Value begin, Value rows) {
            emitBlock(e, kernel, c, element, e.add(row, begin), rows, panel, panels);
          });
        });
  });
}
