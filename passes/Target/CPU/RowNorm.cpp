// Row norms. Sums are lane-wise in four fixed partial sums, then one fixed
// tree; columns from `width` up are never part of a sum.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

namespace {
// Partial sums, so that an addition need not wait for the one before it.
constexpr int64_t partials = 4;

struct Row {
  Value address, width;
  Value wide, whole; // width rounded down to 64 and to 16
};

// The sum over a row, in every lane: vector v of the row goes to partial sum
// v mod 4 while four are left, to the first after that.
Value emitSum(Emit &e, const Row &row, llvm::function_ref<Value(Value x, Value sum)> accumulate) {
  auto at = [&](Value n) { return e.load(e.at(row.address, n)); };
  SmallVector<Value> zeros(partials, e.constant(0.0f));
  auto sums = e.loop(e.integer(0), row.wide, partials * lanes, zeros, [&](Value n, mlir::ValueRange sums) {
    SmallVector<Value> next;
    for (int64_t v = 0; v < partials; ++v)
      next.push_back(accumulate(at(e.add(n, v * lanes)), sums[v]));
    return next;
  });
  sums[0] = e.loop(row.wide, row.whole, lanes, {sums[0]},
                   [&](Value n, mlir::ValueRange sums) { return SmallVector<Value>{accumulate(at(n), sums[0])}; })[0];
  // The tail always runs: its over-read lies in the slack behind every buffer.
  Value tail = accumulate(at(row.whole), sums[0]);
  Value isColumn = e.firstLanes(e.sub(row.width, row.whole));
  sums[0] = e.select(isColumn, tail, sums[0]);
  return e.sumTree(e.addf(e.addf(sums[0], sums[1]), e.addf(sums[2], sums[3])));
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
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  auto roundDown = [&](int64_t to) { return e.mul(e.div(width, e.integer(to)), to); };
  Value wide = roundDown(partials * lanes), whole = roundDown(lanes);
  Element element(e, kernel.op, kernel.words);
  float eps = kernel.op.getEpsAttr().getValueAsDouble();
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Row row{x.row(e, m), width, wide, whole};
    Value out = y.row(e, m);
    Normaliser normalise = emitNormaliser(e, *kernel.op.getNorm(), eps, row);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      Value value = normalise(e, e.load(e.at(row.address, n)));
      emitStore(e, kernel.level, element(e, value, m, n), y, out, n, e.sub(width, n));
    });
  });
}
