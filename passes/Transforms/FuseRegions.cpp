#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ptx {
#define GEN_PASS_DEF_FUSEREGIONSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace stage;

namespace {

/// Moves the map's region behind the producer's. `fed` is the map's region
/// argument that stands for the producer's result; the map's other operands
/// become extras of the producer.
void absorb(PatternRewriter &rewriter, MapOp map, SkeletonOpInterface producer, unsigned fed) {
  Block &mapBlock = map.getBody().front();
  rewriter.moveOpBefore(producer, map); // all of the map's operands are in sight here
  Block &block = producer->getRegion(0).front();
  auto yield = cast<xf::YieldOp>(block.getTerminator());

  IRMapping mapping;
  SmallVector<Value> added;
  for (auto [index, argument] : llvm::enumerate(mapBlock.getArguments())) {
    if (index == fed) {
      mapping.map(argument, yield.getValues()[0]);
      continue;
    }
    added.push_back(map->getOperand(index));
    mapping.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
  }
  rewriter.modifyOpInPlace(producer, [&] { producer.getExtraOperands().append(added); });

  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(yield);
  for (Operation &op : mapBlock.without_terminator())
    rewriter.clone(op, mapping);
  Value result = mapping.lookupOrDefault(cast<xf::YieldOp>(mapBlock.getTerminator()).getValues()[0]);
  rewriter.modifyOpInPlace(yield, [&] { yield->setOperand(0, result); });
  rewriter.replaceOp(map, producer->getResult(0));
}

struct FuseMap : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MapOp map, PatternRewriter &rewriter) const override {
    // The latest producer does the most work: a residual joins the linear
    // before it, not the norm that the residual came from.
    SkeletonOpInterface latest;
    unsigned fed = 0;
    for (auto [index, operand] : llvm::enumerate(map->getOperands())) {
      auto producer = operand.getDefiningOp<SkeletonOpInterface>();
      if (!producer || !producer.getElementCount() || !operand.hasOneUse() || producer->getBlock() != map->getBlock() ||
          operand.getType() != map.getType())
        continue;
      if (!latest || latest->isBeforeInBlock(producer)) {
        latest = producer;
        fed = index;
      }
    }
    if (!latest)
      return rewriter.notifyMatchFailure(map, "no operand has this map as its only reader");
    absorb(rewriter, map, latest, fed);
    return success();
  }
};

/// gather(tables; extras = [gather(other)]) -> gather(tables + other).
struct JoinGathers : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    for (auto [index, extra] : llvm::enumerate(op.getExtras())) {
      auto other = extra.getDefiningOp<GatherOp>();
      if (!other || !extra.hasOneUse() || !other.getExtras().empty() || other->getBlock() != op->getBlock())
        continue;
      rewriter.replaceOp(op, join(rewriter, op, other, index));
      rewriter.eraseOp(other);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no extra is a gather that only this op reads");
  }

private:
  static Value join(PatternRewriter &rewriter, GatherOp op, GatherOp other, unsigned index) {
    SmallVector<Value> tables(op.getTables()), indices(op.getIndices()), extras(op.getExtras());
    llvm::append_range(tables, other.getTables());
    llvm::append_range(indices, other.getIndices());
    extras.erase(extras.begin() + index);
    auto joined = GatherOp::create(rewriter, op.getLoc(), op.getType(), tables, indices, extras);

    Type f32 = rewriter.getF32Type();
    SmallVector<Type> types(tables.size() + extras.size(), f32);
    SmallVector<Location> locs(types.size(), op.getLoc());
    Block *block = rewriter.createBlock(&joined.getBody(), {}, types, locs);
    unsigned own = op.getTables().size(), theirs = other.getTables().size();

    IRMapping mapping;
    Block &otherBlock = other.getBody().front();
    for (unsigned i = 0; i < theirs; ++i)
      mapping.map(otherBlock.getArgument(i), block->getArgument(own + i));
    for (Operation &inner : otherBlock.without_terminator())
      rewriter.clone(inner, mapping);
    Value element = mapping.lookupOrDefault(cast<xf::YieldOp>(otherBlock.getTerminator()).getValues()[0]);

    Block &ownBlock = op.getBody().front();
    unsigned next = own + theirs;
    for (auto [i, argument] : llvm::enumerate(ownBlock.getArguments())) {
      if (i < own)
        mapping.map(argument, block->getArgument(i));
      else if (i == own + index)
        mapping.map(argument, element);
      else
        mapping.map(argument, block->getArgument(next++));
    }
    for (Operation &inner : ownBlock)
      rewriter.clone(inner, mapping);
    return joined;
  }
};

struct FuseRegions : impl::FuseRegionsPassBase<FuseRegions> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Staged)))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseMap, JoinGathers>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace ptx
