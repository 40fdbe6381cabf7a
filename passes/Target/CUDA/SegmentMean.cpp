// The mean of each sequence's keys, a block a sequence: rows summed in
// ascending order, then one multiplication by 1/n; zeros where there is none.
#include "passes/Target/CUDA/Generators.h"

using namespace ptx::cuda;

void ptx::cuda::emitSegmentMean(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), sequence = e.add(kernel.begin, kernel.rowTile);
  Value begin = e.loadInt(kernel.words.pointer(e, "begin"), sequence);
  Value count = e.loadInt(kernel.words.pointer(e, "keys"), sequence);
  Value factor = e.divf(e.constant(1.0f), e.toFloat(e.maximum(count, e.integer(1))));
  Value out = y.row(e, sequence);
  e.share(kernel.thread, width, threads, [&](Value n) {
    Value first = e.at(x.row(e, begin), n), none = e.constant(0.0f);
    Value sum = e.loop(e.integer(0), count, 1, {none, first}, [&](Value, ValueRange carried) {
      return SmallVector<Value>{e.addf(carried[0], e.loadScalar(carried[1])), e.at(carried[1], x.pitch)};
    })[0];
    e.store(e.mulf(sum, factor), e.at(out, n));
  });
}
