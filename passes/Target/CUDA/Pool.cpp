// One row of each sequence's keys, a block a sequence: rows taken in ascending
// order; zeros where there is none.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;
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
  return e.divf(e.constant(1.0f), number);
}

} // namespace

void ptx::cuda::emitPool(Emit &e, const Kernel &kernel) {
  e.mark();
  Pooling pooling = *kernel.op.getPooling();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), sequence = e.add(kernel.begin, kernel.rowTile);
  Value begin = e.loadInt(kernel.words.pointer(e, "begin"), sequence);
  Value count = e.loadInt(kernel.words.pointer(e, "keys"), sequence), end = e.add(begin, count);
  Value positions = kernel.words.pointer(e, "position");
  Value none = e.constant(0.0f), first = none, from = begin, factor;
  if (pooling == Pooling::Max)
    first = e.select(e.less(begin, end), e.constant(-std::numeric_limits<float>::infinity()), none);
  else if (pooling == Pooling::Last)
    from = e.maximum(begin, e.add(end, -1));
  else
    factor = emitFactor(e, pooling, begin, count, positions);
  Value out = y.row(e, sequence);
  e.share(kernel.thread, width, threads, [&](Value n) {
    SmallVector<Value> start = {first, e.at(x.row(e, from), n)};
    Value row = e.loop(from, end, 1, start, [&](Value m, ValueRange carried) {
      Value element = e.loadScalar(carried[1]), next;
      switch (pooling) {
      case Pooling::Mean:
      case Pooling::MeanSqrtLength:
        next = e.addf(carried[0], element);
        break;
      case Pooling::WeightedMean:
        next = e.fma(e.toFloat(emitWeight(e, begin, positions, m)), element, carried[0]);
        break;
      case Pooling::Max:
        next = e.create<mlir::arith::MaximumFOp>(carried[0], element);
        break;
      case Pooling::Last:
        next = element;
        break;
      }
      return SmallVector<Value>{next, e.at(carried[1], x.pitch)};
    })[0];
    e.storeElement(factor ? e.mulf(row, factor) : row, y, out, n);
  });
}
