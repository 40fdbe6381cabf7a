// Contraction: every group of weight panels meets every block of rows of a
// chunk that the second-level cache holds. Rows of f32 are read where they lie:
// packing them first was no faster from 1 to 512 rows (Zen 5, both levels,
// weights in the third-level cache), and so are rows of bf16 where pairs of it
// are multiplied. Other rows that are multiplied in a narrow type are rounded or
// widened once per chunk; where a row is too long for that, piece by piece
// for each group of panels, and so are those of the low-rank part.
// Few rows wait for the memory that the weight comes from. The panels of a tile then lie
// far apart, each behind that of the tile before: so many streams through the weight, none
// of which ends; and the region sees the sums of many tiles at once, since what it reads and
// writes disturbs the streams. 4 rows of 384 steps take 766 ns a panel in place of 870 with
// tiles of neighbours, each with its region, of 768 steps 1466 in place of 1584 (Zen 4, where
// one row takes 700 and 1396).
// Scratch, in words: tiles | a piece of a block of rows | a chunk of rows.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

// 384 KiB: a chunk of rows and a group of panels share 1 MiB of cache.
static constexpr int64_t chunkFloats = int64_t{96} * 1024;
// Elements of a row in a piece, and the words between two; a multiple of every step.
static constexpr int64_t pieceDepth = 2048, piecePitch = pieceDepth + lanes;
static constexpr int64_t runFloats = 4096; // sums of tiles that the region sees at once
static constexpr int64_t pieceOffset = runFloats, chunkOffset = pieceOffset + maxRowsAnyLevel * piecePitch;
static constexpr int64_t fewRows = 6;

int64_t ptx::cpu::contractScratch(bool isNarrow) { return 4 * (isNarrow ? chunkOffset + chunkFloats : runFloats); }

namespace {
/// Rows of one factor and panels of the other.
struct Factors {
  Matrix rows;
  Value weight, depth;
};

/// Tiles whose sums lie one behind the other: of so many panels each, `step` apart,
/// the first of a tile behind that of the tile before.
struct Run {
  Value tiles, panel, panels, step;
  Value width(Emit &e) const { return e.mul(tiles, panels); }
  /// The first column of panel j of a tile.
  Value column(Emit &e, Value tile, Value j) const { return e.mul(e.add(e.add(panel, tile), e.mul(j, step)), lanes); }
};

/// Cuts the panels of a tile of the launch into runs.
class Runs {
public:
  Runs(Emit &e, const Kernel &kernel, const RowBlocks &blocks, Value few)
      : e(e), kernel(kernel), tallest(blocks.tallest), panels(panelsFrom(kernel.c0)) {
    apart = e.select(few, e.div(e.sub(kernel.c1, kernel.c0), panels), e.integer(0));
    end = e.add(kernel.c0, e.mul(apart, panels));
    most = e.maximum(e.div(e.integer(runFloats), e.mul(e.mul(tallest, panels), lanes)), e.integer(1));
  }

  /// The run that begins when so many panels are done.
  Run from(Value at) const {
    Value isApart = e.less(at, end), tile = e.div(e.sub(at, kernel.c0), panels);
    return {e.select(isApart, e.minimum(most, e.sub(apart, tile)), e.integer(1)),
            e.select(isApart, e.add(kernel.c0, tile), at), e.select(isApart, panels, panelsFrom(at)),
            e.select(isApart, apart, e.integer(1))};
  }

private:
  Value panelsFrom(Value at) const { return tilePanels(e, kernel.level, tallest, e.sub(kernel.c1, at)); }

  Emit &e;
  const Kernel &kernel;
  Value tallest, panels; // the rows of the tallest block, and the panels that a tile of it has
  Value apart, end;      // panels between those of a tile, and the end of the tiles that have them so
  Value most;            // tiles of a run
};

/// Where the sums of rows times panels are.
struct Sums {
  Value rows, panel, panels, step, c;
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
    RowBlocks blocks = cutRows(e, kernel.level, operands, rows);
    Runs runs(e, kernel, blocks, e.compare(Emit::Predicate::sle, rows, e.integer(fewRows)));
    auto width = [&](Value at) { return runs.from(at).width(e); };
    e.stride(kernel.c0, kernel.c1, width, [&](Value at, Value) {
      Run run = runs.from(at);
      blocks.forEach(e, [&](Value begin, Value height) {
        emitFetch(e.add(row, begin), height, run);
        Value sums = e.mul(height, e.mul(run.panels, lanes));
        e.loop(e.integer(0), run.tiles, 1, [&](Value tile) {
          Value c = e.at(kernel.scratch, e.mul(tile, sums));
          emitSums(row, begin, {height, e.add(run.panel, tile), run.panels, run.step, c});
        });
        emitRegion(e.add(row, begin), height, run);
      });
    });
  }

  /// Of a block of rows, the first of which is `begin` of the chunk at `row`.
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
             {sums.rows, sums.panels, a.base, a.pitch, e.integer(1), b, e.integer(operands.panelWords),
              e.mul(sums.step, panelWords), operands.steps(e, depth), sums.c, e.mul(sums.panels, lanes), fresh});
  }

  /// Asks for what the region will read and write of a tile, which comes while its sums are made: 109 to 112 GFLOP/s
  /// with 128 rows of 768 (Zen 4). Not of a run of tiles, whose streams it would disturb.
  void emitFetch(Value first, Value rows, const Run &run) {
    Value panels = e.select(e.compare(Emit::Predicate::eq, run.tiles, e.integer(1)), run.panels, e.integer(0));
    e.loop(e.integer(0), panels, 1, [&](Value j) {
      Value n = run.column(e, e.integer(0), j);
      e.loop(e.integer(0), rows, 1, [&](Value i) {
        Value m = e.add(first, i);
        e.fetch(y.at(e, y.row(e, m), n), Emit::Cache::Second);
        for (const Matrix &extra : element.rowExtras())
          e.fetch(e.at(extra.row(e, m), n), Emit::Cache::Second);
      });
    });
  }

  /// Of the sums of a run, panel by panel, since the rows of one have its columns of the extras in common.
  void emitRegion(Value first, Value rows, const Run &run) {
    Value rowSums = e.mul(run.panels, lanes);
    e.loop(e.integer(0), run.tiles, 1, [&](Value tile) {
      Value ofTile = e.at(kernel.scratch, e.mul(tile, e.mul(rows, rowSums)));
      e.loop(e.integer(0), run.panels, 1, [&](Value j) {
        Value n = run.column(e, tile, j), left = e.sub(width, n), sums = e.at(ofTile, e.mul(j, lanes));
        SmallVector<Value> columns = element.columns(e, n);
        e.loop(e.integer(0), rows, 1, [&](Value i) {
          Value m = e.add(first, i);
          Value value = element(e, e.load(e.at(sums, e.mul(i, rowSums))), columns, m, n);
          emitStore(e, kernel.level, value, y, y.row(e, m), n, left);
        });
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
