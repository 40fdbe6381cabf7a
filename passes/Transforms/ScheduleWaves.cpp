#include "passes/Analysis/Form.h"
#include "passes/Analysis/Waves.h"
#include "passes/Passes.h"

#include <map>

namespace ptx {
#define GEN_PASS_DEF_SCHEDULEWAVESPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

class Scheduler {
public:
  explicit Scheduler(ModuleOp module) : symbols(module) {}

  void schedule(Block &block) {
    // Waves of an earlier run stay as they are.
    if (!block.getOps<WaveOp>().empty())
      return;
    WaveNumbers numbers;
    std::map<int64_t, Wave> waves;
    for (Operation &op : block) {
      Wave &wave = waves[numbers.assign(&op)];
      (isa<func::CallOp>(op) ? wave.calls : wave.others).push_back(&op);
    }
    for (auto &[number, wave] : waves) {
      for (Operation *call : wave.calls)
        call->moveBefore(&block, block.end());
      // What a wave's calls feed comes after them and before the next wave.
      for (Operation *op : wave.others)
        op->moveBefore(&block, block.end());
      if (wave.calls.empty())
        continue;
      // The longest call first: shorter ones fit into its launches.
      llvm::sort(wave.calls, [&](Operation *a, Operation *b) {
        size_t lengthA = lengthOf(a), lengthB = lengthOf(b);
        return lengthA != lengthB ? lengthA > lengthB : a->isBeforeInBlock(b);
      });
      WaveOp::enclose(wave.calls);
    }
  }

private:
  struct Wave {
    SmallVector<Operation *> calls, others;
  };

  /// The launches a call makes when it runs alone.
  size_t lengthOf(Operation *call) {
    auto body = symbols.lookup<func::FuncOp>(cast<func::CallOp>(call).getCallee());
    return body && !body.isExternal() ? groupLaunches(branchOf(body.getBody().front())).size() : 0;
  }

  SymbolTable symbols;
};

struct ScheduleWaves : impl::ScheduleWavesPassBase<ScheduleWaves> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Scheduled)))
      return signalPassFailure();
    Scheduler scheduler(getOperation());
    for (auto function : getOperation().getOps<FunctionOp>())
      scheduler.schedule(function.getBody().front());
  }
};

} // namespace
} // namespace ptx
