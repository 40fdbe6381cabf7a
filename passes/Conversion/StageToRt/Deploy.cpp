// The launch table of deploy: one problem for every parameter that a fold
// computes. Those that read none that is computed come first; the folds of one
// skeleton that may run together are one launch.
#include "passes/Conversion/StageToRt/Planner.h"
#include "passes/Conversion/StageToRt/Ranks.h"

#include <map>

using namespace mlir;

namespace ptx::rt {

namespace {

FlatSymbolRefAttr nameOf(Value parameter) { return parameter.getDefiningOp<xf::GetOp>().getParameterAttr(); }

class DeployPlanner {
public:
  DeployPlanner(ModuleOp module, KernelTable &kernels)
      : module(module), kernels(kernels), builder(OpBuilder::atBlockEnd(module.getBody())) {}

  LogicalResult plan() {
    std::map<std::pair<int64_t, xf::Skeleton>, SmallVector<xf::ParameterOp>> launches;
    for (auto parameter : module.getOps<xf::ParameterOp>())
      if (auto fold = foldOf(parameter))
        launches[{levelOf(parameter, fold), fold.getSkeleton()}].push_back(parameter);
    if (launches.empty())
      return success();
    auto deploy = DeployOp::create(builder, module.getLoc());
    builder.createBlock(&deploy.getBody());
    for (auto &[key, parameters] : launches) {
      OpBuilder::InsertionGuard guard(builder);
      auto launch = LaunchOp::create(builder, module.getLoc(), xf::stringifyEnum(key.second));
      builder.createBlock(&launch.getBody());
      for (xf::ParameterOp parameter : parameters)
        if (failed(addProblem(parameter, foldOf(parameter))))
          return failure();
      kernels.addEntry(launch);
    }
    return success();
  }

private:
  /// How many launches must come before: what a fold reads is declared in front of it.
  int64_t levelOf(xf::ParameterOp parameter, stage::FoldOpInterface fold) {
    int64_t level = 0;
    for (Value operand : fold->getOperands())
      if (auto read = levels.find(nameOf(operand).getAttr()); read != levels.end())
        level = std::max(level, read->second + 1);
    return levels[parameter.getSymNameAttr()] = level;
  }

  Attribute address(FlatSymbolRefAttr name) { return ParameterArgAttr::get(builder.getContext(), name); }
  Attribute number(int64_t value) { return IntArgAttr::get(builder.getContext(), value); }
  Attribute pitch(int64_t words) { return PitchArgAttr::get(builder.getContext(), words); }
  /// That of a row: of 16 bits two elements make a word.
  Attribute pitch(xf::PackedType type) {
    return pitch(type.getLayout() == xf::Layout::Vector ? type.getRows()
                 : type.getElementType().isF32()        ? type.getColumns()
                                                        : (type.getColumns() + 1) / 2);
  }
  static int64_t bytesOf(xf::PackedType type) {
    return static_cast<int64_t>(dtypeBits(dtypeOf(type.getElementType()))) / 8;
  }

  LogicalResult addProblem(xf::ParameterOp parameter, stage::FoldOpInterface fold) {
    auto base = cast<xf::PackedType>(fold.getBase().getType()), made = cast<xf::PackedType>(parameter.getType());
    FlatSymbolRefAttr site = siteOf(fold);
    if (!site)
      return fold->emitOpError("reads nothing that an adapter brings");
    bool isNorm = fold.getSkeleton() == xf::Skeleton::FoldNorm;
    int64_t rank = 0, depth = fold.getDepth(), width = fold.getWidth();
    SmallVector<Attribute> words(4, number(0));
    if (fold.getA()) {
      rank = maxRank(module, site);
      words = {address(nameOf(fold.getA())), pitch(rank), address(nameOf(fold.getB())),
               RankArgAttr::get(builder.getContext(), site)};
    }
    words.append(
        {address(nameOf(fold.getBase())), pitch(base), address(FlatSymbolRefAttr::get(parameter.getSymNameAttr()))});
    if (!isNorm)
      words.push_back(pitch(made));
    words.append({number(depth), number(width)});
    if (auto scaled = dyn_cast<stage::FoldOp>(*fold))
      words.push_back(scaled.getInputs() ? address(nameOf(scaled.getInputs())) : number(0));
    for (OpOperand &extra : fold.getExtraOperands())
      words.push_back(address(nameOf(extra.get())));
    // A norm is one row of as many columns; what is computed of nothing else is the base.
    int64_t rows = isNorm ? 1 : depth, perElement = isNorm ? depth : 1;
    ProblemOp::create(builder, parameter.getLoc(), kernels.getOrCreate(fold).getSymName(), parameter.getSymName(),
                      /*space=*/Value(), builder.getI64IntegerAttr(rows), Over::Rows, width,
                      /*column_site=*/FlatSymbolRefAttr(), /*guard=*/base == made ? site : FlatSymbolRefAttr(),
                      /*flops=*/perElement * 2 * (rank + isNorm),
                      /*bytes=*/perElement * bytesOf(base) + (isNorm ? 0 : bytesOf(made)), /*per_key=*/false,
                      /*key_space=*/Value(), /*when=*/WhenAttr(), builder.getArrayAttr(words), ValueRange());
    return success();
  }

  ModuleOp module;
  KernelTable &kernels;
  OpBuilder builder;
  DenseMap<Attribute, int64_t> levels; // by parameter that is computed
};

} // namespace

LogicalResult planDeploy(ModuleOp module, KernelTable &kernels) { return DeployPlanner(module, kernels).plan(); }

} // namespace ptx::rt
