#include "passes/Analysis/Form.h"
#include "passes/Analysis/Waves.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_MERGELAUNCHESPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace stage;

namespace {

/// Launches in order: within each wave, and within the stages between two waves.
SmallVector<LaunchGroup> launchesOf(Block &block) {
  SmallVector<LaunchGroup> launches;
  Branch between;
  auto flush = [&] {
    llvm::append_range(launches, groupLaunches(between));
    between.clear();
  };
  for (Operation &op : block) {
    auto wave = dyn_cast<xf::WaveOp>(op);
    if (!wave) {
      between.push_back(&op);
      continue;
    }
    flush();
    llvm::append_range(launches, groupLaunches(branchOf(wave.getBody().front())));
  }
  flush();
  return launches;
}

void openWave(xf::WaveOp wave) {
  Block &block = wave.getBody().front();
  Operation *yield = block.getTerminator();
  wave->replaceAllUsesWith(yield->getOperands());
  yield->erase();
  wave->getBlock()->getOperations().splice(wave->getIterator(), block.getOperations());
  wave.erase();
}

/// Writes a launch at the builder's position; maps the members' results.
void emit(OpBuilder &builder, const LaunchGroup &launch, IRMapping &mapping) {
  SmallVector<Location> locs;
  SmallVector<Type> types;
  for (Operation *member : launch.members) {
    locs.push_back(member->getLoc());
    llvm::append_range(types, member->getResultTypes());
  }
  Location loc = builder.getFusedLoc(locs);
  auto op = LaunchOp::create(builder, loc, types);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getBody());
    SmallVector<Value> results;
    for (Operation *member : launch.members)
      llvm::append_range(results, builder.clone(*member, mapping)->getResults());
    xf::YieldOp::create(builder, loc, results);
  }
  for (auto [member, result] : llvm::zip(launch.members, op.getResults()))
    mapping.map(member->getResult(0), result);
}

/// What shows rows that lie somewhere else.
bool isView(Operation &op) { return isa<ColumnsOp, RecallOp>(op); }

struct MergeLaunches : impl::MergeLaunchesPassBase<MergeLaunches> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Flat)))
      return signalPassFailure();
    Region &region = getOperation().getBody();
    Block *old = &region.front();
    SmallVector<LaunchGroup> launches = launchesOf(*old);
    for (auto wave : llvm::make_early_inc_range(old->getOps<xf::WaveOp>()))
      openWave(wave);

    OpBuilder builder(&getContext());
    builder.createBlock(&region, region.end());
    IRMapping mapping;
    for (Operation &op : *old)
      if (!skeletonOf(&op) && !isView(op) && !isa<OutputOp>(op))
        builder.clone(op, mapping);
    // Views of a result stand behind the launch that makes it.
    auto cloneViews = [&] {
      for (Operation &op : *old)
        if (isView(op) && !mapping.contains(op.getResult(0)) && mapping.contains(op.getOperand(0)))
          builder.clone(op, mapping);
    };
    cloneViews();
    for (const LaunchGroup &launch : launches) {
      emit(builder, launch, mapping);
      cloneViews();
    }
    for (Operation &op : *old)
      if (isa<OutputOp>(op))
        builder.clone(op, mapping);
    old->dropAllDefinedValueUses();
    old->erase();
  }
};

} // namespace
} // namespace ptx
