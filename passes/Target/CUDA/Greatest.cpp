// Which element of a row is the greatest, a block a row: of equals the first;
// -1 - n where element n is the first that is not finite, which is greater
// here than all that is.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Candidate {
  Value value, number;

  SmallVector<Value> carried() const { return {value, number}; }
};

/// The one with the greater value, of equals the one that stands first.
Candidate emitBetter(Emit &e, const Candidate &a, const Candidate &b) {
  Value isGreater = e.compare(Emit::Compare::OGT, a.value, b.value);
  Value isFirst = e.both(e.compare(Emit::Compare::OEQ, a.value, b.value), e.less(a.number, b.number));
  Value isBetter = e.create<mlir::arith::OrIOp>(isGreater, isFirst);
  return {e.select(isBetter, a.value, b.value), e.select(isBetter, a.number, b.number)};
}

Candidate emitOwn(Emit &e, const Kernel &kernel, Value row, Value width) {
  SmallVector<Value> none = {e.constant(-infinity), e.integer(0)};
  auto best = e.loop(kernel.thread, width, threads, none, [&](Value n, ValueRange carried) {
    Value x = e.loadScalar(e.at(row, n));
    Value isFinite = e.compare(Emit::Compare::OLT, e.create<mlir::math::AbsFOp>(x), e.constant(infinity));
    Candidate own{e.select(isFinite, x, e.constant(infinity)), n};
    // Later ones of a thread stand behind.
    Value isGreater = e.compare(Emit::Compare::OGT, own.value, carried[0]);
    return SmallVector<Value>{e.select(isGreater, own.value, carried[0]), e.select(isGreater, own.number, carried[1])};
  });
  return {best[0], best[1]};
}

Candidate emitWarpsBest(Emit &e, Candidate own) {
  for (int64_t distance = warpSize / 2; distance > 0; distance /= 2)
    own = emitBetter(e, own, {e.shuffleXor(own.value, distance), e.shuffleXor(own.number, distance)});
  return own;
}

} // namespace

int64_t ptx::cuda::greatestShared() { return 2 * warps; }

// Shared: the value of each warp, then its number.
void ptx::cuda::emitGreatest(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), m = e.add(kernel.begin, kernel.rowTile);
  Candidate own = emitWarpsBest(e, emitOwn(e, kernel, x.row(e, m), width));
  auto valueAt = [&](Value warp) { return e.at(kernel.shared, warp); };
  auto numberAt = [&](Value warp) { return e.at(kernel.shared, e.add(warp, warps)); };
  e.when(e.compare(Emit::Predicate::eq, kernel.lane, e.integer(0)), [&] {
    e.store(own.value, valueAt(kernel.warp));
    e.store(own.number, numberAt(kernel.warp));
  });
  e.barrier();
  e.when(e.compare(Emit::Predicate::eq, kernel.thread, e.integer(0)), [&] {
    Candidate best = own;
    for (int64_t warp = 1; warp < warps; ++warp)
      best = emitBetter(e, best, {e.loadScalar(valueAt(e.integer(warp))), e.loadWord(numberAt(e.integer(warp)))});
    Value isInfinite = e.compare(Emit::Compare::OEQ, best.value, e.constant(infinity));
    e.store(e.select(isInfinite, e.sub(e.integer(-1), best.number), best.number), y.row(e, m));
  });
}
