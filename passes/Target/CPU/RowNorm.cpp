// Row norms. Sums are lane-wise over the columns in ascending order, then one
// fixed tree; columns from `width` up are never part of a sum.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

namespace {
struct Row {
  Value address, width, whole; // whole: width rounded down to 16
};

// The sum of term(x) over a row, in every lane.
Value emitSum(Emit &e, const Row &row, llvm::function_ref<Value(Value x, Value sum)> accumulate) {
  Value sum = e.loop(e.integer(0), row.whole, lanes, {e.constant(0.0f)}, [&](Value n, mlir::ValueRange sums) {
    return SmallVector<Value>{accumulate(e.load(e.at(row.address, n)), sums[0])};
  })[0];
  // The tail always runs: its over-read lies in the slack behind every buffer.
  Value tail = accumulate(e.load(e.at(row.address, row.whole)), sum);
  return e.sumTree(e.select(e.firstLanes(e.sub(row.width, row.whole)), tail, sum));
}

// What is subtracted, and what the difference is then multiplied by (layer,
// rms) or divided by (l2), in every lane.
struct Normaliser {
  Value shift, factor, divisor;

  Value operator()(Emit &e, Value x) const {
    if (divisor)
      return e.divf(x, divisor);
    return e.mulf(shift ? e.subf(x, shift) : x, factor);
  }
};

Normaliser emitNormaliser(Emit &e, ptx::stage::Norm norm, float eps, const Row &row) {
  Value count = e.broadcast(e.toFloat(row.width));
  Value mean;
  if (norm == ptx::stage::Norm::Layer)
    mean = e.divf(emitSum(e, row, [&](Value x, Value sum) { return e.addf(sum, x); }), count);
  Value squares = emitSum(e, row, [&](Value x, Value sum) {
    Value centred = mean ? e.subf(x, mean) : x;
    return e.fma(centred, centred, sum);
  });
  if (norm == ptx::stage::Norm::L2) {
    Value size = e.create<mlir::math::SqrtOp>(squares), least = e.constant(eps);
    return {{}, {}, e.select(e.compare(Emit::Compare::OLT, size, least), least, size)};
  }
  Value root = e.create<mlir::math::SqrtOp>(e.addf(e.divf(squares, count), e.constant(eps)));
  return {mean, e.divf(e.constant(1.0f), root), {}};
}
} // namespace

void ptx::cpu::emitRowNorm(Emit &e, const Kernel &kernel) {
  Value args = kernel.args;
  Matrix x{e.pointerWord(args, 0), e.word(args, 1)}, y{e.pointerWord(args, 2), e.word(args, 3)};
  Value width = e.word(args, 4);
  Value whole = e.mul(e.div(width, e.integer(lanes)), lanes);
  Element element(e, kernel.op, args, 5);
  float eps = kernel.op.getEps()->convertToDouble();
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Row row{x.row(e, m), width, whole};
    Value out = y.row(e, m);
    Normaliser normalise = emitNormaliser(e, *kernel.op.getNorm(), eps, row);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      Value value = normalise(e, e.load(e.at(row.address, n)));
      e.store(element(e, value, m, n), e.at(out, n), e.sub(width, n));
    });
  });
}
