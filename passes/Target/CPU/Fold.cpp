// Folds: a block of rows times one panel in registers, then the region, onto a
// parameter that lies in panels or, a table, in rows. Depths are ranks, which
// are small: what a tile of the contraction loads and stores around its sums
// would take longer than the sums. A matrix is written past the caches: it is
// larger than they are, and reading it before writing it would cost a third.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;
using mlir::Type;
using ptx::xf::Layout;

namespace {

/// A packed weight seen as [K,N]: row m, the lanes from column n on, a multiple of them.
struct Packed {
  Matrix memory;
  Layout layout;
  Value depth; // K

  /// Rows that share words.
  int64_t grain() const { return memory.narrow && memory.narrow.isBF16() ? 2 : 1; }

  /// Where row m lies, or the pair whose first it is.
  Value at(Emit &e, Value m, Value n) const {
    if (layout != Layout::Matrix)
      return e.at(e.at(memory.base, e.mul(m, memory.pitch)), n);
    Value step = grain() == 2 ? e.div(m, 2) : m, steps = grain() == 2 ? e.ceilDiv(depth, 2) : depth;
    Value element = e.add(e.mul(n, steps), e.mul(step, lanes));
    return memory.narrow && memory.narrow.isF16() ? e.at(memory.base, element, memory.narrow)
                                                  : e.at(memory.base, element);
  }

  /// `rows` of them in f32, the first at an even place.
  SmallVector<Value> load(Emit &e, Value first, int64_t rows, Value n) const {
    SmallVector<Value> values;
    for (int64_t i = 0; i < rows; i += grain()) {
      Value address = at(e, e.add(first, i), n);
      if (!memory.narrow) {
        values.push_back(e.load(address));
      } else if (grain() == 1) {
        values.push_back(e.extend(e.create<mlir::LLVM::LoadOp>(e.wide(memory.narrow), address, 2)));
      } else {
        auto [low, high] =
            emitUnpair(e, e.create<mlir::LLVM::LoadOp>(e.wide(e.getI32Type()), address, 4), e.getBF16Type());
        values.append({low, high});
      }
    }
    values.truncate(rows);
    return values;
  }

  /// Behind the last row of a matrix lie zeros, which stay; behind its last k of an odd number lies one.
  void store(Emit &e, const LevelInfo &level, mlir::ArrayRef<Value> values, Value first, Value n, Value width) const {
    for (size_t i = 0; i < values.size(); i += grain()) {
      Value address = at(e, e.add(first, static_cast<int64_t>(i)), n);
      if (layout != Layout::Matrix)
        e.store(values[i], address, e.sub(width, n));
      else if (!memory.narrow)
        e.stream(values[i], address);
      else if (grain() == 1)
        e.stream(emitNarrow(e, level, values[i], memory.narrow), address, lanes * 2);
      else
        e.stream(emitRoundedPair(e, level, values[i], i + 1 < values.size() ? values[i + 1] : e.constant(0.0f)),
                 address);
    }
  }
};

/// The operands of both folds.
struct Folding {
  Matrix a;
  Value b, rank, depth, width;
  Packed base;

  Folding(Emit &e, const Kernel &kernel)
      : a(kernel.words.matrix(e, "a")), b(kernel.words.pointer(e, "b")), rank(kernel.words.integer(e, "rank")),
        depth(kernel.words.integer(e, "depth")), width(kernel.words.integer(e, "width")),
        base(packed(e, kernel, "base")) {}

  Packed packed(Emit &e, const Kernel &kernel, const char *name) const {
    return {kernel.words.matrix(e, name), *kernel.op.getLayout(), depth};
  }

  /// The sums of rows [first, first + rows) of one panel; r ascending from -0.0, one fused multiply-add each.
  SmallVector<Value> sums(Emit &e, Value first, int64_t rows, Value n) const {
    SmallVector<Value> starts;
    for (int64_t i = 0; i < rows; ++i)
      starts.push_back(a.row(e, e.add(first, i)));
    SmallVector<Value> zeros(rows, e.constant(-0.0f));
    Value panel = e.at(b, e.mul(n, rank));
    return e.loop(e.integer(0), rank, 1, zeros, [&](Value r, ValueRange before) {
      Value column = e.load(e.at(panel, e.mul(r, lanes)));
      SmallVector<Value> next;
      for (auto [start, sum] : llvm::zip(starts, before))
        next.push_back(e.fma(e.broadcast(e.loadScalar(e.at(start, r))), column, sum));
      return next;
    });
  }
};

/// Blocks of `height` rows, then single ones, or pairs and a last single one; what is carried from row to row.
SmallVector<Value> forBlocks(Emit &e, Value r0, Value r1, int64_t height, int64_t grain, ValueRange inits,
                             llvm::function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> body) {
  SmallVector<Value> carried(inits);
  for (int64_t rows : {height, grain, int64_t(1)}) {
    Value end = e.add(r0, e.mul(e.div(e.sub(r1, r0), rows), rows));
    carried = e.loop(r0, end, rows, carried, [&](Value m, ValueRange before) { return body(m, rows, before); });
    r0 = end;
    if (rows == 1)
      break;
  }
  return carried;
}

/// Of an even number of rows.
int64_t blockRows(const LevelInfo &level) { return tallestTile(level, /*panels=*/1) / 2 * 2; }

} // namespace

void ptx::cpu::emitFold(Emit &e, const Kernel &kernel) {
  Folding f(e, kernel);
  Packed y = f.packed(e, kernel, "y");
  Value inputs = kernel.words.pointer(e, "inputs");
  Element element(e, kernel.op, kernel.words);
  int64_t grain = std::max(f.base.grain(), y.grain());
  e.loop(kernel.c0, kernel.c1, 1, [&](Value panel) {
    Value n = e.mul(panel, lanes);
    forBlocks(e, kernel.r0, kernel.r1, blockRows(kernel.level), grain, {}, [&](Value m, int64_t rows, ValueRange) {
      SmallVector<Value> sums = f.sums(e, m, rows, n), values = f.base.load(e, m, rows, n);
      for (int64_t i = 0; i < rows; ++i)
        values[i] =
            e.mulf(element(e, {values[i], sums[i]}, e.add(m, i), n), e.broadcast(e.loadOrOne(inputs, e.add(m, i))));
      y.store(e, kernel.level, values, m, n, f.width);
      return SmallVector<Value>();
    });
  });
  if (y.layout == Layout::Matrix)
    e.fence();
}

// y[n] = region(norm of base[n,:] + sum_r b[n,r] a[:,r], extras...): squares in f64, k ascending.
void ptx::cpu::emitFoldNorm(Emit &e, const Kernel &kernel) {
  Folding f(e, kernel);
  Value y = kernel.words.pointer(e, "y");
  Element element(e, kernel.op, kernel.words);
  Type f64 = e.wide(e.getF64Type());
  Value none = e.splat(e.getF64FloatAttr(0.0));
  e.loop(kernel.c0, kernel.c1, 1, [&](Value panel) {
    Value n = e.mul(panel, lanes);
    Value squares = forBlocks(e, e.integer(0), f.depth, blockRows(kernel.level), f.base.grain(), none,
                              [&](Value m, int64_t rows, ValueRange before) {
                                SmallVector<Value> sums = f.sums(e, m, rows, n), values = f.base.load(e, m, rows, n);
                                Value total = before[0];
                                for (int64_t i = 0; i < rows; ++i) {
                                  Value wide = e.create<mlir::arith::ExtFOp>(f64, e.addf(values[i], sums[i]));
                                  total = e.fma(wide, wide, total);
                                }
                                return SmallVector<Value>{total};
                              })[0];
    Value norm = e.create<mlir::arith::TruncFOp>(e.wideFloat(), e.create<mlir::math::SqrtOp>(squares));
    e.store(element(e, norm, e.integer(0), n), e.at(y, n), e.sub(f.width, n));
  });
}
