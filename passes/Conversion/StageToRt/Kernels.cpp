#include "passes/Conversion/StageToRt/Planner.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace ptx::rt {

namespace {

ExtraKind extraKind(Value extra) { return isa<RankedTensorType>(extra.getType()) ? ExtraKind::Row : ExtraKind::Column; }

/// The skeleton, constants and extras of a stage; its region is added after.
KernelOp describe(OpBuilder &builder, Operation *stage) {
  Location loc = builder.getUnknownLoc();
  auto create = [&](Skeleton skeleton, ValueRange extras) {
    SmallVector<Attribute> kinds = llvm::map_to_vector(
        extras, [&](Value extra) -> Attribute { return ExtraKindAttr::get(builder.getContext(), extraKind(extra)); });
    OperationState state(loc, KernelOp::getOperationName());
    state.addAttribute("sym_name", builder.getStringAttr("kernel"));
    state.addAttribute("skeleton", SkeletonAttr::get(builder.getContext(), skeleton));
    state.addAttribute("extras", builder.getArrayAttr(kinds));
    state.addRegion();
    return cast<KernelOp>(builder.create(state));
  };
  return TypeSwitch<Operation *, KernelOp>(stage)
      .Case<stage::ContractOp>([&](auto op) { return create(Skeleton::Contract, op.getExtras()); })
      .Case<stage::AttentionOp>([&](stage::AttentionOp op) {
        KernelOp kernel = create(Skeleton::Attention, {});
        int64_t width = cast<RankedTensorType>(op.getType()).getShape().back();
        kernel.setHeadDim(width / static_cast<int64_t>(op.getHeads()));
        kernel.setScaleAttr(op.getScaleAttr());
        kernel.setCausal(op.getCausal());
        return kernel;
      })
      .Case<stage::RowNormOp>([&](stage::RowNormOp op) {
        KernelOp kernel = create(Skeleton::RowNorm, op.getExtras());
        kernel.setNorm(op.getNorm());
        kernel.setEpsAttr(op.getEpsAttr());
        return kernel;
      })
      .Case<stage::GatherOp>([&](stage::GatherOp op) {
        KernelOp kernel = create(Skeleton::Gather, op.getExtras());
        kernel.setTables(op.getTables().size());
        return kernel;
      })
      .Case<stage::PoolOp>([&](stage::PoolOp op) {
        KernelOp kernel = create(Skeleton::Pool, {});
        kernel.setPooling(op.getKind());
        return kernel;
      })
      .Case<stage::ConcatOp>([&](auto) {
        KernelOp kernel = create(Skeleton::Map, {});
        OpBuilder region(builder.getContext());
        Block *block = region.createBlock(&kernel.getBody(), {}, region.getF32Type(), loc);
        stage::YieldOp::create(region, loc, block->getArguments());
        return kernel;
      })
      .Case<stage::MapOp>([&](auto op) { return create(Skeleton::Map, op.getExtras()); });
}

} // namespace

KernelOp KernelTable::getOrCreate(Operation *stage) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  KernelOp kernel = describe(builder, stage);
  if (stage->getNumRegions() == 1) {
    IRMapping mapping;
    stage->getRegion(0).cloneInto(&kernel.getBody(), mapping);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  KernelOp &known = kernels[text];
  if (known) {
    kernel.erase();
    return known;
  }
  kernel.setSymName((stringifyEnum(kernel.getSkeleton()) + "_" + Twine(kernels.size() - 1)).str());
  return known = kernel;
}

void KernelTable::addEntry(LaunchOp launch) {
  std::set<std::string> names;
  for (auto problem : launch.getBody().front().getOps<ProblemOp>())
    names.insert(problem.getKernel().str());
  entries.insert({names.begin(), names.end()});
}

void KernelTable::emitEntries() {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (const auto &[index, names] : llvm::enumerate(entries)) {
    SmallVector<Attribute> members = llvm::map_to_vector(names, [&](const std::string &name) -> Attribute {
      return FlatSymbolRefAttr::get(builder.getContext(), name);
    });
    EntryOp::create(builder, builder.getUnknownLoc(), ("entry_" + Twine(index)).str(), builder.getArrayAttr(members));
  }
}

} // namespace ptx::rt
