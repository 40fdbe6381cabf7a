// Folds: a warp a row of the sums, a lane every 32nd column; norms: a thread a column.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

namespace {

/// The operands of both folds.
struct Folding {
  Matrix a, b, base;
  Value rank, depth, width;
  bool isMatrix; // [n,k]; else rows are of k

  Folding(Emit &e, const Kernel &kernel)
      : a(kernel.words.matrix(e, "a")), b{kernel.words.pointer(e, "b"), {}}, base(kernel.words.matrix(e, "base")),
        rank(kernel.words.integer(e, "rank")), depth(kernel.words.integer(e, "depth")),
        width(kernel.words.integer(e, "width")), isMatrix(kernel.op.getLayout() == ptx::xf::Layout::Matrix) {
    b.pitch = e.roundUp(rank, 4); // rows of a weight start at multiples of 16 bytes
  }

  /// sum_r a[k,r] b[n,r]; r ascending from -0.0, one fused multiply-add each.
  Value sum(Emit &e, Value k, Value n) const {
    Value row = a.row(e, k), weights = b.row(e, n);
    return e.loop(e.integer(0), rank, 1, {e.constant(-0.0f)}, [&](Value r, ValueRange sums) {
      return SmallVector<Value>{e.fma(e.loadScalar(e.at(row, r)), e.loadScalar(e.at(weights, r)), sums[0])};
    })[0];
  }

  Value load(Emit &e, Value k, Value n) const {
    return e.loadElement(base, base.row(e, isMatrix ? n : k), isMatrix ? k : n);
  }
};

} // namespace

// y[n,k] = inputs[k] region(base[n,k], sum_r a[k,r] b[n,r], extras...)
void ptx::cuda::emitFold(Emit &e, const Kernel &kernel) {
  e.mark();
  Folding f(e, kernel);
  Matrix y = kernel.words.matrix(e, "y");
  Value inputs = kernel.words.pointer(e, "inputs");
  Element element(e, kernel.op, kernel.words);
  Value begin = e.mul(kernel.columnTile, foldTile.columns), end = e.minimum(e.add(begin, foldTile.columns), f.width);
  forWarpRow(e, kernel, [&](Value k) {
    Value scale = e.loadOrOne(inputs, k);
    e.share(e.add(begin, kernel.lane), end, warpSize, [&](Value n) {
      Value row = y.row(e, f.isMatrix ? n : k);
      Value made = e.mulf(element(e, {f.load(e, k, n), f.sum(e, k, n)}, k, n), scale);
      e.storeElement(made, y, row, f.isMatrix ? k : n);
      if (!y.narrow)
        return;
      // The last pair of a row is completed by zero.
      Value next = e.add(k, 1), isOdd = e.compare(Emit::Predicate::ne, e.rem(f.depth, 2), e.integer(0));
      e.when(e.both(isOdd, e.compare(Emit::Predicate::eq, next, f.depth)),
             [&] { e.storeElement(e.constant(0.0f), y, row, next); });
    });
  });
}

// y[n] = region(norm of base[n,:] + sum_r b[n,r] a[:,r], extras...): squares in f64, k ascending.
void ptx::cuda::emitFoldNorm(Emit &e, const Kernel &kernel) {
  e.mark();
  Folding f(e, kernel);
  Value y = kernel.words.pointer(e, "y");
  Element element(e, kernel.op, kernel.words);
  Value n = e.add(e.mul(kernel.columnTile, foldNormTile.columns), kernel.thread);
  e.when(e.less(n, f.width), [&] {
    Value none = e.splat(e.getF64FloatAttr(0.0));
    Value squares = e.loop(e.integer(0), f.depth, 1, {none}, [&](Value k, ValueRange sums) {
      Value merged = e.addf(f.load(e, k, n), f.sum(e, k, n));
      Value wide = e.create<mlir::arith::ExtFOp>(e.getF64Type(), merged);
      return SmallVector<Value>{e.fma(wide, wide, sums[0])};
    })[0];
    Value norm = e.create<mlir::arith::TruncFOp>(e.getF32Type(), e.create<mlir::math::SqrtOp>(squares));
    e.store(element(e, norm, e.integer(0), n), e.at(y, n));
  });
}
