#include "passes/Analysis/Waves.h"

#include <tuple>

using namespace mlir;

namespace ptx {

using xf::Skeleton;

std::optional<Skeleton> skeletonOf(Operation *op) {
  auto launched = dyn_cast<xf::LaunchedOpInterface>(op);
  return launched ? std::optional(launched.getSkeleton()) : std::nullopt;
}

Branch branchOf(Block &block) {
  Branch branch;
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>())
      branch.push_back(&op);
  return branch;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

static void addBranch(const Branch &branch, SmallVector<LaunchGroup> &groups) {
  // Ops that launch nothing pass on when their operands are there.
  DenseMap<Operation *, size_t> readyAt;
  for (Operation *op : branch) {
    size_t index = 0;
    for (Value operand : op->getOperands())
      index = std::max(index, readyAt.lookup(operand.getDefiningOp()));
    if (std::optional<Skeleton> skeleton = skeletonOf(op)) {
      while (index < groups.size() && groups[index].skeleton != *skeleton)
        ++index;
      if (index == groups.size())
        groups.push_back({*skeleton, {}});
      groups[index].members.push_back(op);
      ++index;
    }
    readyAt[op] = index;
  }
}

SmallVector<LaunchGroup> groupLaunches(ArrayRef<Branch> branches) {
  SmallVector<LaunchGroup> groups;
  for (const Branch &branch : branches)
    addBranch(branch, groups);
  return groups;
}

//===----------------------------------------------------------------------===//
// Waves
//===----------------------------------------------------------------------===//

int64_t WaveNumbers::assign(Operation *op) {
  int64_t latest = 0;
  for (Value operand : op->getOperands())
    latest = std::max(latest, of(operand));
  return waves[op] = isa<func::CallOp>(op) ? latest + 1 : latest;
}

Flops &Flops::operator+=(const Flops &other) {
  perRow += other.perRow;
  perRowAndKey += other.perRowAndKey;
  return *this;
}

bool Flops::operator<(const Flops &other) const {
  return std::tie(perRow, perRowAndKey) < std::tie(other.perRow, other.perRowAndKey);
}

static int64_t widthOf(Value value) {
  int64_t width = cast<RankedTensorType>(value.getType()).getShape().back();
  return ShapedType::isDynamic(width) ? 0 : width;
}

static Flops flopsOf(const Branch &branch) {
  Flops flops;
  for (Operation *op : branch) {
    std::optional<Skeleton> skeleton = skeletonOf(op);
    if (skeleton == Skeleton::Contract)
      flops.perRow += 2 * widthOf(op->getOperand(0)) * widthOf(op->getResult(0));
    else if (skeleton == Skeleton::Attention) // a product with the key, one with the value
      flops.perRowAndKey += 4 * widthOf(op->getResult(0));
  }
  return flops;
}

static WaveCost costOf(ArrayRef<Branch> branches) {
  WaveCost cost{};
  for (const Branch &branch : branches) {
    cost.launchesAlone += groupLaunches(branch).size();
    Flops flops = flopsOf(branch);
    cost.sum += flops;
    cost.longest = std::max(cost.longest, flops);
  }
  cost.launchesTogether = groupLaunches(branches).size();
  return cost;
}

static WaveCost costOfCalls(ArrayRef<func::CallOp> calls, SymbolTable &symbols) {
  SmallVector<Branch> branches;
  SmallVector<std::string> layers;
  for (func::CallOp call : calls) {
    auto body = symbols.lookup<func::FuncOp>(call.getCallee());
    branches.push_back(body && !body.isExternal() ? branchOf(body.getBody().front()) : Branch());
    auto name = dyn_cast<NameLoc>(call.getLoc());
    layers.push_back((name ? name.getName().str() + " " : "") + "@" + call.getCallee().str());
  }
  WaveCost cost = costOf(branches);
  cost.wave = true;
  cost.layers = std::move(layers);
  return cost;
}

SmallVector<WaveCost> analyzeWaves(ModuleOp module, xf::FunctionOp function) {
  SymbolTable symbols(module);
  SmallVector<WaveCost> costs;
  Branch between;
  auto flush = [&] {
    if (WaveCost cost = costOf(between); cost.launchesTogether > 0)
      costs.push_back(std::move(cost));
    between.clear();
  };
  for (Operation &op : function.getBody().front()) {
    SmallVector<func::CallOp> calls;
    if (auto wave = dyn_cast<xf::WaveOp>(op))
      calls = llvm::to_vector(wave.getBody().front().getOps<func::CallOp>());
    else if (auto call = dyn_cast<func::CallOp>(op))
      calls = {call};
    if (calls.empty()) {
      between.push_back(&op);
      continue;
    }
    flush();
    costs.push_back(costOfCalls(calls, symbols));
  }
  flush();
  return costs;
}

} // namespace ptx
