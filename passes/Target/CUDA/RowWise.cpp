// Row norm, gather, append and map: a warp a row, a lane every 32nd column.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

void ptx::cuda::forWarpRow(Emit &e, const Kernel &kernel, llvm::function_ref<void(Value)> body) {
  Value m = e.add(e.add(kernel.begin, e.mul(kernel.rowTile, rowWiseTile.rows)), kernel.warp);
  e.when(e.less(m, kernel.end), [&] { body(m); });
}

// y[m,n] = region(x[m,n], extras...)
void ptx::cuda::emitMap(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  Element element(e, kernel.op, kernel.words);
  forWarpRow(e, kernel, [&](Value m) {
    Value in = x.row(e, m), out = y.row(e, m);
    e.share(kernel.lane, width, warpSize,
            [&](Value n) { e.storeElement(element(e, e.loadScalar(e.at(in, n)), m, n), y, out, n); });
  });
}

// y[m,n] = region(table_0[index_0[m],n], ..., extras...)
void ptx::cuda::emitGather(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  Element element(e, kernel.op, kernel.words);
  int64_t count = kernel.op.getTables();
  forWarpRow(e, kernel, [&](Value m) {
    SmallVector<Matrix> tables;
    SmallVector<Value> rows;
    for (int64_t t = 0; t < count; ++t) {
      Value index = e.loadInt(kernel.words.pointer(e, "index_" + std::to_string(t)), m);
      tables.push_back(kernel.words.matrix(e, "table_" + std::to_string(t)));
      rows.push_back(tables.back().row(e, index));
    }
    Value out = y.row(e, m);
    e.share(kernel.lane, width, warpSize, [&](Value n) {
      SmallVector<Value> values;
      for (auto [table, row] : llvm::zip(tables, rows))
        values.push_back(e.loadElement(table, row, n));
      e.storeElement(element(e, values, m, n), y, out, n);
    });
  });
}

// y[cells[m],n] = x[m,n]
void ptx::cuda::emitAppend(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), cells = kernel.words.pointer(e, "cells");
  forWarpRow(e, kernel, [&](Value m) {
    Value in = x.row(e, m), out = y.row(e, e.loadInt(cells, m));
    e.share(kernel.lane, width, warpSize, [&](Value n) { e.storeElement(e.loadElement(x, in, n), y, out, n); });
  });
}

namespace {
/// The sum over a row of what `term` makes of each element, in every lane.
Value emitSum(Emit &e, const Kernel &kernel, Value row, Value width,
              llvm::function_ref<Value(Value x, Value sum)> accumulate) {
  Value sum = e.loop(kernel.lane, width, warpSize, {e.constant(0.0f)}, [&](Value n, ValueRange sums) {
    return SmallVector<Value>{accumulate(e.loadScalar(e.at(row, n)), sums[0])};
  })[0];
  return e.sumTree(sum);
}
} // namespace

// y[m,n] = region(normalised x[m,n], extras...)
void ptx::cuda::emitRowNorm(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  Element element(e, kernel.op, kernel.words);
  ptx::stage::Norm norm = *kernel.op.getNorm();
  Value eps = e.constant(kernel.op.getEpsAttr().getValueAsDouble());
  forWarpRow(e, kernel, [&](Value m) {
    Value row = x.row(e, m), count = e.toFloat(width), mean;
    if (norm == ptx::stage::Norm::Layer)
      mean = e.divf(emitSum(e, kernel, row, width, [&](Value v, Value sum) { return e.addf(sum, v); }), count);
    auto centre = [&](Value v) { return mean ? e.subf(v, mean) : v; };
    Value squares = emitSum(e, kernel, row, width, [&](Value v, Value sum) {
      Value c = centre(v);
      return e.fma(c, c, sum);
    });
    // The norm of l2 is a divisor, those of layer and rms a factor.
    Value divisor, factor;
    if (norm == ptx::stage::Norm::L2) {
      Value size = e.create<mlir::math::SqrtOp>(squares);
      divisor = e.select(e.compare(Emit::Compare::OLT, size, eps), eps, size);
    } else {
      Value root = e.create<mlir::math::SqrtOp>(e.addf(e.divf(squares, count), eps));
      factor = e.divf(e.constant(1.0f), root);
    }
    Value out = y.row(e, m);
    e.share(kernel.lane, width, warpSize, [&](Value n) {
      Value c = centre(e.loadScalar(e.at(row, n)));
      Value value = divisor ? e.divf(c, divisor) : e.mulf(c, factor);
      e.storeElement(element(e, value, m, n), y, out, n);
    });
  });
}
