// One row of each sequence's keys, rows taken in ascending order; zeros where
// there is none.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;
using ptx::xf::Pooling;

namespace {

/// How many positions lie between the first visible one and that of a row, plus one.
Value emitWeight(Emit &e, Value begin, Value positions, Value row) {
  return e.add(e.sub(e.loadInt(positions, row), e.loadInt(positions, begin)), 1);
}

/// What a sum over the keys is multiplied by.
Value emitFactor(Emit &e, Pooling pooling, Value begin, Value count, Value positions) {
  Value number = e.toFloat(e.maximum(count, e.integer(1)));
  if (pooling == Pooling::MeanSqrtLength)
    number = e.create<mlir::math::SqrtOp>(number);
  if (pooling == Pooling::WeightedMean) {
    Value sum = e.loop(begin, e.add(begin, count), 1, {e.integer(0)}, [&](Value m, ValueRange sums) {
      return SmallVector<Value>{e.add(sums[0], emitWeight(e, begin, positions, m))};
    })[0];
    number = e.toFloat(e.maximum(sum, e.integer(1)));
  }
  return e.broadcast(e.divf(e.scalar(1.0f), number));
}

} // namespace

void ptx::cpu::emitPool(Emit &e, const Kernel &kernel) {
  Pooling pooling = *kernel.op.getPooling();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), begins = kernel.words.pointer(e, "begin"),
        keys = kernel.words.pointer(e, "keys"), positions = kernel.words.pointer(e, "position");
  e.loop(kernel.r0, kernel.r1, 1, [&](Value sequence) {
    Value begin = e.loadInt(begins, sequence), count = e.loadInt(keys, sequence), end = e.add(begin, count);
    Value out = y.row(e, sequence), none = e.constant(0.0f), first = none, from = begin, factor;
    if (pooling == Pooling::Max)
      first = e.select(e.less(begin, end), e.constant(-std::numeric_limits<float>::infinity()), none);
    else if (pooling == Pooling::Last)
      from = e.maximum(begin, e.add(end, -1));
    else
      factor = emitFactor(e, pooling, begin, count, positions);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      Value row = e.loop(from, end, 1, {first}, [&](Value m, ValueRange carried) -> SmallVector<Value> {
        Value element = e.load(e.at(x.row(e, m), n));
        switch (pooling) {
        case Pooling::Mean:
        case Pooling::MeanSqrtLength:
          return {e.addf(carried[0], element)};
        case Pooling::WeightedMean: {
          Value weight = e.toFloat(emitWeight(e, begin, positions, m));
          return {e.fma(e.broadcast(weight), element, carried[0])};
        }
        case Pooling::Max:
          return {e.create<mlir::arith::MaximumFOp>(carried[0], element)};
        case Pooling::Last:
          return {element};
        }
        llvm_unreachable("every pooling is handled");
      })[0];
      emitStore(e, kernel.level, factor ? e.mulf(row, factor) : row, y, out, n, e.sub(width, n));
    });
  });
}
