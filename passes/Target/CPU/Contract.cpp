// Contraction: rows are packed once per chunk of rows that the second-level
// cache holds, then every group of weight panels meets every block of rows.
// Scratch: tile | packed x, then packed u.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

// 384 KiB: a chunk of packed rows and a group of panels share 1 MiB of cache.
static constexpr int64_t packedFloats = 96 * 1024;

int64_t ptx::cpu::contractScratch() { return 4 * (tileFloats + packedFloats + 2 * packOverhang); }

namespace {
struct Contraction {
  Matrix x, y, u;
  Value weight, depth, width, b, rank;
};

struct Packed {
  Value x, u;
};

// One block of rows times one group of panels, then the region.
void emitBlock(Emit &e, const Kernel &kernel, const Contraction &c, const Element &element, const Packed &packed,
               Value row, Value begin, Value rows, Value panel, Value panels) {
  Value cRow = e.mul(panels, lanes), first = e.add(row, begin);
  Operand x = packedBlock(e, c.x, first, rows, e.at(packed.x, e.mul(begin, c.depth)));
  Tile tile{rows, panels, x.base, x.step,
            e.at(c.weight, e.mul(e.mul(panel, lanes), c.depth)), e.integer(lanes), e.mul(c.depth, lanes), c.depth,
            kernel.scratch, cRow, /*fresh=*/true};
  emitTile(e, tile);
  e.when(e.compare(Emit::Predicate::sgt, c.rank, e.integer(0)), [&] {
    Tile more = tile;
    more.a = packedBlock(e, c.u, first, rows, e.at(packed.u, e.mul(begin, c.rank))).base;
    more.b = e.at(c.b, e.mul(e.mul(panel, lanes), c.rank));
    more.bPanel = e.mul(c.rank, lanes);
    more.depth = c.rank;
    more.fresh = false;
    emitTile(e, more);
  });
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
  Value args = kernel.args;
  Contraction c{{e.pointerWord(args, 0), e.word(args, 1)},
                {e.pointerWord(args, 5), e.word(args, 6)},
                {e.pointerWord(args, 7), e.word(args, 8)},
                e.pointerWord(args, 2),
                e.word(args, 3),
                e.word(args, 4),
                e.pointerWord(args, 9),
                e.word(args, 10)};
  Element element(e, kernel.op, args, 11);
  Value all = e.sub(kernel.r1, kernel.r0);
  // Chunks of at least one row: a single row is not packed, so any depth fits.
  Value depth = e.maximum(e.add(c.depth, c.rank), e.integer(1));
  Value most = e.maximum(e.div(e.integer(packedFloats), depth), e.integer(1));
  Value chunks = e.div(e.add(all, e.sub(most, e.integer(1))), most);
  e.loop(e.integer(0), chunks, 1, [&](Value chunk) {
    Value from = e.div(e.mul(chunk, all), chunks), to = e.div(e.mul(e.add(chunk, 1), all), chunks);
    Value row = e.add(kernel.r0, from), rows = e.sub(to, from);
    RowBlocks blocks = cutRows(e, kernel.level, rows);
    Packed packed{e.at(kernel.scratch, tileFloats), {}};
    packed.u = e.at(packed.x, e.add(e.mul(rows, c.depth), packOverhang));
    packBlocks(e, blocks, {c.x.row(e, row), c.x.pitch}, c.depth, packed.x);
    packBlocks(e, blocks, {c.u.row(e, row), c.u.pitch}, c.rank, packed.u);
    e.stride(
        kernel.c0, kernel.c1,
        [&](Value panel) { return tilePanels(e, kernel.level, blocks.tallest, e.sub(kernel.c1, panel)); },
        [&](Value panel, Value panels) {
          e.loop(e.integer(0), blocks.count, 1, [&](Value s) {
            Value begin = blocks.begin(e, s), tall = e.sub(blocks.begin(e, e.add(s, 1)), begin);
            emitBlock(e, kernel, c, element, packed, row, begin, tall, panel, panels);
          });
        });
  });
}
