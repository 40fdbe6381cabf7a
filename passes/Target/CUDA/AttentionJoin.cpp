// Joins what chunks of keys gave, in their order: a block a head of one sequence,
// a thread a channel of the head.
#include "passes/Target/CUDA/AttentionBlock.h"

using namespace ptx::cuda;

void ptx::cuda::emitAttentionJoin(Emit &e, const Kernel &kernel) {
  e.mark();
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  int64_t headDim = kernel.op.getHeadDim(), floats = words::stateFloats(headDim), behind = behindValues(headDim);
  Value sequence = e.add(kernel.begin, kernel.rowTile), begins = kernel.words.pointer(e, "chunk_begin");
  Value begin = e.loadInt(begins, sequence), end = e.loadInt(begins, e.add(sequence, 1));
  e.loop(kernel.thread, e.integer(headDim), threads, [&](Value channel) {
    Softmax none = Softmax::none(e, 1);
    SmallVector<Value> start = {none.most[0], none.sum[0], e.constant(0.0f)};
    SmallVector<Value> all = e.loop(begin, end, 1, start, [&](Value chunk, ValueRange carried) {
      Value state = e.at(x.row(e, chunk), e.mul(kernel.columnTile, floats));
      Softmax sums{{carried[0]}, {carried[1]}};
      Softmax later{{e.loadScalar(e.at(state, behind))}, {e.loadScalar(e.at(state, behind + 1))}};
      Value values;
      sums.join(e, later, [&](int64_t, Value own, Value other) {
        values = e.fma(e.loadScalar(e.at(state, channel)), other, e.mulf(carried[2], own));
      });
      return SmallVector<Value>{sums.most[0], sums.sum[0], values};
    });
    Value result = e.mulf(all[2], e.divf(e.constant(1.0f), all[1]));
    e.storeElement(result, y, y.row(e, sequence), e.add(e.mul(kernel.columnTile, headDim), channel));
  });
}
