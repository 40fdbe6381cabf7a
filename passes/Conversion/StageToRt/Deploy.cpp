// The launch table of deploy: one problem for every parameter that a fold
// computes, all in one launch, since none reads what another writes.
#include "passes/Conversion/StageToRt/CheckRows.h"
#include "passes/Conversion/StageToRt/Planner.h"
#include "passes/Conversion/StageToRt/Ranks.h"

using namespace mlir;

namespace ptx::rt {

namespace {

stage::FoldOp foldOf(xf::ParameterOp parameter) {
  return parameter.getBody().front().getTerminator()->getOperand(0).getDefiningOp<stage::FoldOp>();
}

FlatSymbolRefAttr nameOf(Value parameter) { return parameter.getDefiningOp<xf::GetOp>().getParameterAttr(); }

} // namespace

void planDeploy(ModuleOp module, SymbolTable &symbols, KernelTable &kernels) {
  SmallVector<xf::ParameterOp> computed;
  for (auto parameter : module.getOps<xf::ParameterOp>())
    if (foldOf(parameter))
      computed.push_back(parameter);
  if (computed.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  MLIRContext *context = module.getContext();
  auto deploy = DeployOp::create(builder, module.getLoc());
  builder.createBlock(&deploy.getBody());
  auto launch = LaunchOp::create(builder, module.getLoc(), "fold");
  builder.createBlock(&launch.getBody());
  for (xf::ParameterOp parameter : computed) {
    stage::FoldOp fold = foldOf(parameter);
    FlatSymbolRefAttr site = siteOf(fold.getA(), symbols);
    int64_t rank = maxRank(module, site), depth = fold.getDepth(), width = fold.getWidth();
    bool isMatrix = cast<xf::PackedType>(fold.getType()).getLayout() == xf::Layout::Matrix;
    auto address = [&](FlatSymbolRefAttr name) -> Attribute { return ParameterArgAttr::get(context, name); };
    auto number = [&](int64_t value) -> Attribute { return IntArgAttr::get(context, value); };
    SmallVector<Attribute> words = {address(nameOf(fold.getA())),
                                    PitchArgAttr::get(context, rank),
                                    address(nameOf(fold.getB())),
                                    RankArgAttr::get(context, site),
                                    address(nameOf(fold.getBase())),
                                    address(FlatSymbolRefAttr::get(parameter.getSymNameAttr())),
                                    PitchArgAttr::get(context, isMatrix ? depth : width),
                                    number(depth),
                                    number(width)};
    for (Value extra : fold.getExtras())
      words.push_back(address(nameOf(extra)));
    ProblemOp::create(builder, parameter.getLoc(), kernels.getOrCreate(fold).getSymName(), parameter.getSymName(),
                      /*space=*/Value(), builder.getI64IntegerAttr(depth), Over::Rows, width,
                      /*column_site=*/FlatSymbolRefAttr(), /*guard=*/site, /*flops=*/2 * rank,
                      /*bytes=*/2 * static_cast<int64_t>(sizeof(float)), /*per_key=*/false, /*key_space=*/Value(),
                      builder.getArrayAttr(words), ValueRange());
  }
  kernels.addEntry(launch);
}

} // namespace ptx::rt
