#include "passes/Passes.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace ptx {
#define GEN_PASS_DEF_SCHEDULEWAVESPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

/// The wave an op's operands are ready after; 0 where they are inputs.
int64_t readyAfter(Operation *op, const DenseMap<Operation *, int64_t> &wave) {
  int64_t latest = 0;
  for (Value operand : op->getOperands())
    if (Operation *def = operand.getDefiningOp())
      latest = std::max(latest, wave.lookup(def));
  return latest;
}

/// Puts the calls into one xf.wave, if there is more than one.
void makeWave(MutableArrayRef<func::CallOp> calls) {
  if (calls.size() < 2)
    return;
  OpBuilder builder(calls.front().getOperation());
  Location loc = calls.front()->getLoc();
  SmallVector<Value> results;
  for (func::CallOp call : calls)
    llvm::append_range(results, call.getResults());
  auto wave = WaveOp::create(builder, loc, ValueRange(results).getTypes());
  Block *block = builder.createBlock(&wave.getBody());
  for (auto [inner, outer] : llvm::zip(results, wave.getResults()))
    inner.replaceAllUsesWith(outer);
  for (func::CallOp call : calls)
    call->moveBefore(block, block->end());
  builder.setInsertionPointToEnd(block);
  WaveYieldOp::create(builder, loc, results);
}

struct ScheduleWaves : impl::ScheduleWavesPassBase<ScheduleWaves> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    DenseMap<Operation *, int64_t> wave;
    std::map<int64_t, SmallVector<func::CallOp>> calls;
    std::map<int64_t, SmallVector<Operation *>> others;
    for (Operation &op : block) {
      int64_t ready = readyAfter(&op, wave);
      if (auto call = dyn_cast<func::CallOp>(op)) {
        wave[&op] = ready + 1;
        calls[ready + 1].push_back(call);
      } else {
        wave[&op] = ready;
        others[ready].push_back(&op);
      }
    }
    // What a wave's calls feed comes after them and before the next wave.
    for (auto &[index, ops] : others)
      calls.try_emplace(index);
    for (auto &[index, members] : calls) {
      for (func::CallOp call : members)
        call->moveBefore(&block, block.end());
      for (Operation *op : others[index])
        op->moveBefore(&block, block.end());
    }
    for (auto &[index, members] : calls)
      makeWave(members);
  }
};

} // namespace
} // namespace ptx
