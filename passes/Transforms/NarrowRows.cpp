#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "dialects/stage/IR/StageDialect.h"

namespace ptx {
#define GEN_PASS_DEF_NARROWROWSPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

/// Whether 16-bit elements would fill whole words.
bool isEven(Value rows) {
  auto type = cast<RankedTensorType>(rows.getType());
  return !type.isDynamicDim(1) && type.getDimSize(1) % 2 == 0;
}

/// What the use multiplies the rows in; nothing where it does something else
/// with them, or cannot take 16-bit elements.
Type factorType(OpOperand &use) {
  auto stage = dyn_cast<stage::SkeletonOpInterface>(use.getOwner());
  if (!stage)
    return {};
  for (const stage::Factor &factor : stage.getFactors())
    if (factor.rows == &use && xf::isProductType(factor.type) && factor.columns % 2 == 0)
      return factor.type;
  return {};
}

/// Adds the type that each reader of the rows or of a view of them multiplies
/// in, null for those that do not.
void collectTypes(Value rows, SmallVectorImpl<Type> &types) {
  for (OpOperand &use : rows.getUses()) {
    auto view = dyn_cast<stage::ColumnsOp>(use.getOwner());
    if (!view)
      types.push_back(factorType(use));
    else if (view.getOffset() % 2 || !isEven(view.getResult()))
      types.push_back({});
    else
      collectTypes(view.getResult(), types);
  }
}

void setElements(Value rows, Type element) {
  rows.setType(stage::withElements(rows.getType(), element));
  for (Operation *user : rows.getUsers())
    if (auto view = dyn_cast<stage::ColumnsOp>(user))
      setElements(view.getResult(), element);
}

/// Whether the stage can store 16-bit elements. Parts of a concatenation that
/// begin at odd columns would share words.
bool canBeNarrow(Value rows) {
  auto concat = rows.getDefiningOp<stage::ConcatOp>();
  return isEven(rows) && (!concat || llvm::all_of(concat.getParts(), isEven));
}

struct NarrowRows : impl::NarrowRowsPassBase<NarrowRows> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Launched)))
      return signalPassFailure();
    module.walk([](stage::LaunchOp launch) {
      Operation *yield = launch.getBody().front().getTerminator();
      for (auto [result, value] : llvm::zip(launch.getResults(), yield->getOperands())) {
        SmallVector<Type> types;
        collectTypes(result, types);
        if (types.empty() || !types.front() || !llvm::all_equal(types) || !canBeNarrow(value))
          continue;
        setElements(value, types.front());
        setElements(result, types.front());
      }
    });
  }
};

} // namespace
} // namespace ptx
