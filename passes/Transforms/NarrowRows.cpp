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

/// The values of a cache in all functions, and the views of what it holds.
struct CacheUses {
  SmallVector<Value> values;
  SmallVector<stage::RecallOp> recalls;

  /// A value and, where a launch appends to it, those behind it.
  void add(Value cache) {
    values.push_back(cache);
    for (OpOperand &use : cache.getUses()) {
      if (auto recall = dyn_cast<stage::RecallOp>(use.getOwner()))
        recalls.push_back(recall);
      else if (auto append = dyn_cast<stage::AppendOp>(use.getOwner()))
        add(append.getResult());
      else if (auto launch = dyn_cast<stage::LaunchOp>(use.getOwner()->getParentOp()))
        add(launch.getResult(use.getOperandNumber())); // of the yield
    }
  }

  /// The type that all of it is multiplied in; null where there is none.
  Type factorType() {
    SmallVector<Type> types;
    for (stage::RecallOp recall : recalls)
      collectTypes(recall.getResult(), types);
    bool isOne = !types.empty() && types.front() && llvm::all_equal(types);
    return isOne && isEven(recalls.front().getResult()) ? types.front() : Type();
  }
};

void narrowCaches(ModuleOp module) {
  DenseMap<StringAttr, CacheUses> uses;
  module.walk([&](xf::StateOp state) { uses[state.getCacheAttr().getAttr()].add(state.getResult()); });
  for (auto cache : module.getOps<xf::CacheOp>()) {
    CacheUses &own = uses[cache.getSymNameAttr()];
    Type element = own.factorType();
    if (!element)
      continue;
    auto type = xf::CacheType::get(module.getContext(), cast<xf::CacheType>(cache.getType()).getWidth(), element);
    cache.setTypeAttr(TypeAttr::get(type));
    for (Value value : own.values)
      value.setType(type);
    for (stage::RecallOp recall : own.recalls)
      setElements(recall.getResult(), element);
  }
}

struct NarrowRows : impl::NarrowRowsPassBase<NarrowRows> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Launched)))
      return signalPassFailure();
    narrowCaches(module);
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
