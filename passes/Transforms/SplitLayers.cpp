#include "passes/Analysis/Form.h"
#include "passes/Analysis/Waves.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include <map>

namespace ptx {
#define GEN_PASS_DEF_SPLITLAYERSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

bool makesWeight(Operation *op) { return op->getNumResults() > 0 && llvm::all_of(op->getResultTypes(), isWeightLike); }

bool isActivation(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor && tensor.getElementType().isF32();
}

/// A body's computation in two parts: what does not need the late arguments,
/// and the rest. Weight expressions are in neither: each part takes its own.
struct Cut {
  Branch early, late;

  Cut(Block &body, const llvm::BitVector &lateArguments) {
    DenseSet<Value> needsLate;
    for (unsigned index : lateArguments.set_bits())
      needsLate.insert(body.getArgument(index));
    for (Operation *op : branchOf(body)) {
      if (makesWeight(op))
        continue;
      bool isLate = llvm::any_of(op->getOperands(), [&](Value v) { return needsLate.contains(v); });
      if (isLate)
        needsLate.insert_range(op->getResults());
      (isLate ? late : early).push_back(op);
    }
    sink();
  }

  /// Whether the rest takes fewer launches than the whole.
  bool pays(Block &body) const { return !early.empty() && !late.empty() && launches(late) < launches(branchOf(body)); }

private:
  static size_t launches(const Branch &branch) { return groupLaunches(branch).size(); }

  /// What only the late part reads and what makes it no longer stays there, as
  /// the queries of a cross-attention beside its keys: less crosses the cut.
  /// Element-wise ops stay with their producer, whose launch takes them in.
  void sink() {
    for (size_t index = early.size(); index-- > 0;) {
      Operation *op = early[index];
      if (!skeletonOf(op) ||
          !llvm::all_of(op->getUsers(), [&](Operation *user) { return llvm::is_contained(late, user); }))
        continue;
      Branch longer = late;
      longer.insert(longer.begin(), op);
      if (launches(longer) > launches(late))
        continue;
      late = std::move(longer);
      early.erase(early.begin() + index);
    }
  }
};

/// A part as a body of its own, with the values of the whole body that it takes
/// and gives.
struct Part {
  func::FuncOp body;
  SmallVector<Value> inputs, outputs;
};

/// The ops with the weight expressions that they read, in the body's order.
Branch withWeights(const Branch &ops) {
  llvm::SetVector<Operation *> all(ops.begin(), ops.end());
  for (size_t index = 0; index < all.size(); ++index)
    for (Value operand : all[index]->getOperands())
      if (Operation *def = operand.getDefiningOp(); def && makesWeight(def))
        all.insert(def);
  Branch sorted = all.takeVector();
  llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return sorted;
}

Part outline(SymbolTable &symbols, func::FuncOp whole, StringRef suffix, const Branch &part) {
  Branch ops = withWeights(part);
  DenseSet<Operation *> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    // The other part computes the weight expressions it needs itself.
    for (Value result : op->getResults())
      if (!makesWeight(op) && llvm::any_of(op->getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        outputs.push_back(result);
  }

  OpBuilder builder(whole);
  auto type = builder.getFunctionType(ValueRange(inputs.getArrayRef()).getTypes(), ValueRange(outputs).getTypes());
  auto body = func::FuncOp::create(builder, whole.getLoc(), (whole.getName() + suffix).str(), type);
  body.setPrivate();
  symbols.insert(body);
  IRMapping mapping;
  builder.setInsertionPointToStart(body.addEntryBlock());
  mapping.map(inputs.getArrayRef(), body.getArguments());
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  SmallVector<Value> results = llvm::map_to_vector(outputs, [&](Value value) { return mapping.lookup(value); });
  func::ReturnOp::create(builder, whole.getLoc(), results);
  return {body, inputs.takeVector(), outputs};
}

class Splitter {
public:
  explicit Splitter(ModuleOp module) : symbols(module) {}

  void splitCalls(FunctionOp function) {
    WaveNumbers numbers;
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
      auto call = dyn_cast<func::CallOp>(op);
      const Parts *parts = call ? partsOf(call, numbers) : nullptr;
      if (parts)
        replace(call, *parts, numbers);
      else
        numbers.assign(&op);
    }
  }

private:
  struct Parts {
    Part early, late;
  };

  /// The parts of a call some of whose activations are there earlier than
  /// others; null where it had better stay whole.
  const Parts *partsOf(func::CallOp call, const WaveNumbers &numbers) {
    auto body = symbols.lookup<func::FuncOp>(call.getCallee());
    if (!body || body.isExternal())
      return nullptr;
    int64_t last = 0;
    for (Value operand : call.getOperands())
      last = std::max(last, numbers.of(operand));
    llvm::BitVector late(call.getNumOperands());
    bool someEarly = false;
    for (auto [index, operand] : llvm::enumerate(call.getOperands())) {
      if (numbers.of(operand) == last)
        late.set(index);
      else
        someEarly |= isActivation(operand);
    }
    if (!someEarly)
      return nullptr;
    return cut(body, late);
  }

  const Parts *cut(func::FuncOp body, const llvm::BitVector &late) {
    std::string key = body.getName().str();
    for (unsigned index : late.set_bits())
      key += " " + std::to_string(index);
    auto [known, isNew] = cuts.try_emplace(key);
    if (isNew) {
      Block &block = body.getBody().front();
      if (Cut cut(block, late); cut.pays(block))
        known->second = Parts{outline(symbols, body, "_early", cut.early), outline(symbols, body, "_late", cut.late)};
    }
    return known->second ? &*known->second : nullptr;
  }

  void replace(func::CallOp call, const Parts &parts, WaveNumbers &numbers) {
    auto whole = symbols.lookup<func::FuncOp>(call.getCallee());
    IRMapping mapping;
    mapping.map(whole.getArguments(), call.getOperands());
    OpBuilder builder(call);
    for (const Part *part : {&parts.early, &parts.late}) {
      SmallVector<Value> operands = llvm::map_to_vector(part->inputs, [&](Value v) { return mapping.lookup(v); });
      auto made = func::CallOp::create(builder, call.getLoc(), part->body, operands);
      mapping.map(part->outputs, made.getResults());
      numbers.assign(made);
    }
    Operation *terminator = whole.getBody().front().getTerminator();
    for (auto [result, value] : llvm::zip(call.getResults(), terminator->getOperands()))
      result.replaceAllUsesWith(mapping.lookup(value));
    call.erase();
  }

  SymbolTable symbols;
  std::map<std::string, std::optional<Parts>> cuts;
};

struct SplitLayers : impl::SplitLayersPassBase<SplitLayers> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Scheduled)))
      return signalPassFailure();
    Splitter splitter(module);
    for (auto function : module.getOps<FunctionOp>())
      splitter.splitCalls(function);
    for (auto body : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (body.isPrivate() && SymbolTable::symbolKnownUseEmpty(body, module))
        body.erase();
  }
};

} // namespace
} // namespace ptx
