// The mean of each sequence's keys: rows summed in ascending order, then one
// multiplication by 1/n; zeros where there is none.
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitSegmentMean(Emit &e, const Kernel &kernel) {
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), begins = kernel.words.pointer(e, "begin"),
        keys = kernel.words.pointer(e, "keys");
  e.loop(kernel.r0, kernel.r1, 1, [&](Value sequence) {
    Value begin = e.loadInt(begins, sequence), count = e.loadInt(keys, sequence);
    Value inverse = e.divf(e.scalar(1.0f), e.toFloat(e.maximum(count, e.integer(1))));
    Value factor = e.broadcast(inverse), out = y.row(e, sequence);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      Value sum = e.loop(begin, e.add(begin, count), 1, {e.constant(0.0f)}, [&](Value m, mlir::ValueRange sums) {
        return SmallVector<Value>{e.addf(sums[0], e.load(e.at(x.row(e, m), n)))};
      })[0];
      e.store(e.mulf(sum, factor), e.at(out, n), e.sub(width, n));
    });
  });
}
