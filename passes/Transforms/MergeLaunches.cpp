#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_MERGELAUNCHESPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace stage;

namespace {

bool isWork(Operation *op) { return isa<ContractOp, AttentionOp, RowNormOp, GatherOp, SegmentMeanOp, MapOp>(op); }

/// Stages launched together.
struct Launch {
  OperationName skeleton;
  SmallVector<Operation *> members;
};

/// The stage that makes a value, through views of columns.
Operation *maker(Value value) {
  while (auto view = value.getDefiningOp<ColumnsOp>())
    value = view.getX();
  return value.getDefiningOp();
}

SmallVector<Launch> schedule(Block &block) {
  SmallVector<Launch> launches;
  DenseMap<Operation *, size_t> launchOf;
  for (Operation &op : block) {
    if (!isWork(&op))
      continue;
    size_t earliest = 0;
    for (Value operand : op.getOperands())
      if (auto known = launchOf.find(maker(operand)); known != launchOf.end())
        earliest = std::max(earliest, known->second + 1);
    size_t index = earliest;
    while (index < launches.size() && launches[index].skeleton != op.getName())
      ++index;
    if (index == launches.size())
      launches.push_back({op.getName(), {}});
    launches[index].members.push_back(&op);
    launchOf[&op] = index;
  }
  return launches;
}

/// Writes a launch at the builder's position; maps the members' results.
void emit(OpBuilder &builder, const Launch &launch, IRMapping &mapping) {
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
    YieldOp::create(builder, loc, results);
  }
  for (auto [member, result] : llvm::zip(launch.members, op.getResults()))
    mapping.map(member->getResult(0), result);
}

struct MergeLaunches : impl::MergeLaunchesPassBase<MergeLaunches> {
  void runOnOperation() override {
    Region &region = getOperation().getBody();
    Block *old = &region.front();
    SmallVector<Launch> launches = schedule(*old);

    OpBuilder builder(&getContext());
    builder.createBlock(&region, region.end());
    IRMapping mapping;
    for (Operation &op : *old)
      if (!isWork(&op) && !isa<ColumnsOp, OutputOp>(op))
        builder.clone(op, mapping);
    for (const Launch &launch : launches) {
      emit(builder, launch, mapping);
      // Views of a result stand behind the launch that makes it.
      for (Operation &op : *old)
        if (isa<ColumnsOp>(op) && !mapping.contains(op.getResult(0)) && mapping.contains(op.getOperand(0)))
          builder.clone(op, mapping);
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
