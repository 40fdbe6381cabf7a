// Contraction: every group of weight panels meets every block of rows of a
// chunk that the second-level cache holds. Rows of f32 are read where they lie:
// packing them first was no faster from 1 to 512 rows (Zen 5, both levels,
// weights in the third-level cache), and so are rows of bf16 where pairs of it
// are multiplied. Other rows that are multiplied in a narrow type are rounded or
// widened once per chunk; where a row is too long for that, piece by piece
// for each group of panels, and so are those of the low-rank part.
// A single row and a weight that no cache holds: its panels are read one after the
// other, in one stream. Four streams come slower, 28 GB/s against 31 (Zen 4; from two rows
// on they do not). In a cache one panel at a time would be slower, since each sum waits
// for the one before.
// Scratch, in words: tile | a piece of a block of rows | a chunk of rows.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

// 384 KiB: a chunk of rows and a group of panels share 1 MiB of cache.
static constexpr int64_t chunkFloats = int64_t{96} * 1024;
// Elements of a row in a piece, and the words between two; a multiple of every step.
static constexpr int64_t pieceDepth = 2048, piecePitch = pieceDepth + lanes;
static constexpr int64_t pieceOffset = tileFloats, chunkOffset = pieceOffset + maxRowsAnyLevel * piecePitch;
static constexpr int64_t largeWords = int64_t{1} << 18, panelsOfRow = tileFloats / lanes;

int64_t ptx::cpu::contractScratch(bool isNarrow) { return 4 * (isNarrow ? chunkOffset + chunkFloats : tileFloats); }

namespace {
/// Rows of one factor and panels of the other.
struct Factors {
  Matrix rows;
  Value weight, depth;
};

/// Where the sums of rows times panels are.
struct Sums {
  Value rows, panel, panels, c, cRow;
};

class Contraction {
public:
  Contraction(Emit &e, const Kernel &kernel)
      : e(e), kernel(kernel), operands(operandsOf(kernel.level, kernel.op.getProductType())),
        main{kernel.words.matrix(e, "x"), kernel.words.pointer(e, "weight"), kernel.words.integer(e, "depth")},
        lowRank{kernel.words.matrix(e, "u"), kernel.words.pointer(e, "b"), kernel.words.integer(e, "rank")},
        y(kernel.words.matrix(e, "y")), width(kernel.words.integer(e, "width")), element(e, kernel.op, kernel.words) {
    if (isPrepared(operands, main.rows))
      return;
    chunk = {e.at(kernel.scratch, chunkOffset), preparedPitch(e, operands, main.depth)};
    fitsChunk = e.compare(Emit::Predicate::sle, e.mul(chunk.pitch, maxRowsAnyLevel), e.integer(chunkFloats));
  }

  void emit() {
    Value all = e.sub(kernel.r1, kernel.r0);
    Value rowWords = e.maximum(chunk.pitch ? chunk.pitch : operands.steps(e, main.depth), e.integer(1));
    Value most = e.maximum(e.div(e.integer(chunkFloats), rowWords), e.integer(1));
    Value chunks = e.div(e.add(all, e.sub(most, e.integer(1))), most);
    e.loop(e.integer(0), chunks, 1, [&](Value index) {
      Value from = e.div(e.mul(index, all), chunks), to = e.div(e.mul(e.add(index, 1), all), chunks);
      emitChunk(e.add(kernel.r0, from), e.sub(to, from));
    });
  }

private:
  void emitChunk(Value row, Value rows) {
    if (fitsChunk)
      e.when(fitsChunk, [&] { emitPrepare(e, operands, from(main.rows, row), rows, main.depth, chunk); });
    e.either(isStream(rows), [&] { emitStream(row); }, [&] { emitBlocks(row, rows); });
  }

  /// Whether there is but one row, and the weight is large.
  Value isStream(Value rows) {
    Value words = e.mul(operands.steps(e, main.depth), operands.panelWords);
    Value large = e.compare(Emit::Predicate::sge, e.mul(e.ceilDiv(width, lanes), words), e.integer(largeWords));
    return e.both(e.less(rows, e.integer(2)), large);
  }

  /// Panel by panel. The region waits for what it reads, so it has several at a time.
  void emitStream(Value row) {
    Value one = e.integer(1);
    auto width = [&](Value panel) { return e.minimum(e.sub(kernel.c1, panel), e.integer(panelsOfRow)); };
    e.stride(kernel.c0, kernel.c1, width, [&](Value first, Value panels) {
      e.loop(e.integer(0), panels, 1, [&](Value j) {
        Value c = e.at(kernel.scratch, e.mul(j, lanes));
        emitSums(row, e.integer(0), {one, e.add(first, j), one, c, e.mul(panels, lanes)});
      });
      emitRegion(row, one, first, panels);
    });
  }

  void emitBlocks(Value row, Value rows) {
    RowBlocks blocks = cutRows(e, kernel.level, operands, rows);
    e.stride(
        kernel.c0, kernel.c1,
        [&](Value panel) { return tilePanels(e, kernel.level, blocks.tallest, e.sub(kernel.c1, panel)); },
        [&](Value panel, Value panels) {
          blocks.forEach(e, [&](Value begin, Value height) { emitBlock(row, begin, height, panel, panels); });
        });
  }

  /// A block of rows, the first of which is `begin` of the chunk at `row`,
  /// times a group of panels, then the region.
  void emitBlock(Value row, Value begin, Value rows, Value panel, Value panels) {
    emitSums(row, begin, {rows, panel, panels, kernel.scratch, e.mul(panels, lanes)});
    emitRegion(e.add(row, begin), rows, panel, panels);
  }

  /// Of rows from `begin` of the chunk at `row` on.
  void emitSums(Value row, Value begin, const Sums &sums) {
    Value first = e.add(row, begin);
    if (fitsChunk)
      e.either(
          fitsChunk,
          [&] { emitProduct(main, {chunk.row(e, begin), chunk.pitch}, e.integer(0), main.depth, sums, e.flag(true)); },
          [&] { emitPieces(main, first, sums, true); });
    else
      emitPieces(main, first, sums, true);
    e.when(e.compare(Emit::Predicate::sgt, lowRank.depth, e.integer(0)),
           [&] { emitPieces(lowRank, first, sums, false); });
  }

  Matrix from(const Matrix &rows, Value first) const { return {rows.row(e, first), rows.pitch, rows.narrow}; }

  /// Rows from `first` on, rounded piece by piece where they need to be.
  void emitPieces(const Factors &factors, Value first, const Sums &sums, bool fresh) {
    Matrix a = from(factors.rows, first);
    if (isPrepared(operands, a))
      return emitProduct(factors, a, e.integer(0), factors.depth, sums, e.flag(fresh));
    Matrix piece{e.at(kernel.scratch, pieceOffset), e.integer(piecePitch)};
    e.loop(e.integer(0), factors.depth, pieceDepth, [&](Value k) {
      Value depth = e.minimum(e.sub(factors.depth, k), e.integer(pieceDepth));
      emitPrepare(e, operands, {a.at(e, a.base, k), a.pitch, a.narrow}, sums.rows, depth, piece);
      Value isFirst = e.compare(Emit::Predicate::eq, k, e.integer(0));
      emitProduct(factors, piece, k, depth, sums, fresh ? isFirst : e.flag(false));
    });
  }

  /// Rows as they are multiplied, times elements [k, k + depth) of the panels.
  void emitProduct(const Factors &factors, Matrix a, Value k, Value depth, const Sums &sums, Value fresh) {
    Value panelWords = e.mul(operands.steps(e, factors.depth), operands.panelWords);
    Value begin = e.mul(e.div(k, operands.depth), operands.panelWords);
    Value b = e.at(factors.weight, e.add(e.mul(sums.panel, panelWords), begin));
    emitTile(e, operands,
             {sums.rows, sums.panels, a.base, a.pitch, e.integer(1), b, e.integer(operands.panelWords), panelWords,
              operands.steps(e, depth), sums.c, sums.cRow, fresh});
  }

  void emitRegion(Value first, Value rows, Value panel, Value panels) {
    Value cRow = e.mul(panels, lanes);
    e.loop(e.integer(0), rows, 1, [&](Value i) {
      Value m = e.add(first, i);
      Value out = y.row(e, m), sums = e.at(kernel.scratch, e.mul(i, cRow));
      e.loop(e.integer(0), panels, 1, [&](Value j) {
        Value n = e.mul(e.add(panel, j), lanes);
        Value value = element(e, e.load(e.at(sums, e.mul(j, lanes))), m, n);
        emitStore(e, kernel.level, value, y, out, n, e.sub(width, n));
      });
    });
  }

  Emit &e;
  const Kernel &kernel;
  const Operands &operands;
  Factors main, lowRank;
  Matrix y;
  Value width;
  Element element;
  Matrix chunk;    // of rows as they are multiplied, where that is not as they lie
  Value fitsChunk; // null where they lie so
};
} // namespace

void ptx::cpu::emitContract(Emit &e, const Kernel &kernel) { Contraction(e, kernel).emit(); }
