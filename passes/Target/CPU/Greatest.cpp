// Which element of a row is the greatest, of equals the first; -1 - n where
// element n is the first that is not finite. Each lane goes on with its own,
// and what is not finite is greater than all that is.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The best of each lane, and where it stands.
struct Best {
  Value value, number;

  SmallVector<Value> carried() const { return {value, number}; }
};

Best emitBetter(Emit &e, const Best &best, Value x, Value n) {
  Value isFinite = e.compare(Emit::Compare::OLT, e.create<mlir::math::AbsFOp>(x), e.constant(infinity));
  Value value = e.select(isFinite, x, e.constant(infinity));
  Value isGreater = e.compare(Emit::Compare::OGT, value, best.value);
  Value number = e.add(e.laneNumbers(), e.broadcast(e.create<mlir::arith::TruncIOp>(e.getI32Type(), n)));
  return {e.select(isGreater, value, best.value), e.select(isGreater, number, best.number)};
}

/// Of the lanes with the greatest value the least number.
Value emitFirst(Emit &e, const Best &best) {
  Value greatest = e.tree(best.value, [&](Value a, Value b) { return e.create<mlir::arith::MaximumFOp>(a, b); });
  Value isGreatest = e.compare(Emit::Compare::OEQ, best.value, greatest);
  Value others = e.splat(e.getI32IntegerAttr(std::numeric_limits<int32_t>::max()));
  Value number = e.create<mlir::vector::ReductionOp>(mlir::vector::CombiningKind::MINSI,
                                                     e.select(isGreatest, best.number, others));
  Value one = e.create<mlir::vector::ExtractOp>(greatest, 0);
  Value isInfinite = e.compare(Emit::Compare::OEQ, one, e.scalar(infinity));
  Value minusOne = e.create<mlir::arith::ConstantOp>(e.getI32IntegerAttr(-1));
  return e.select(isInfinite, e.sub(minusOne, number), number);
}

} // namespace

void ptx::cpu::emitGreatest(Emit &e, const Kernel &kernel) {
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), whole = e.mul(e.div(width, lanes), lanes);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Value row = x.row(e, m);
    Best none{e.constant(-infinity), e.splat(e.getI32IntegerAttr(0))};
    auto best = e.loop(e.integer(0), whole, lanes, none.carried(), [&](Value n, ValueRange carried) {
      return emitBetter(e, {carried[0], carried[1]}, e.load(e.at(row, n)), n).carried();
    });
    // Read past the row, as buffers allow; lanes behind it keep what they have.
    Best tail = emitBetter(e, {best[0], best[1]}, e.load(e.at(row, whole)), whole);
    Value isColumn = e.firstLanes(e.sub(width, whole));
    Best all{e.select(isColumn, tail.value, best[0]), e.select(isColumn, tail.number, best[1])};
    e.store(emitFirst(e, all), y.row(e, m));
  });
}
