#include "dialects/xf/IR/XfFactors.h"
#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace ptx {
#define GEN_PASS_DEF_ATTACHADAPTERSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

/// What the adapters of the module, taken together, do to one weight.
struct Site {
  Form form = Form::Linear;
  llvm::SmallSetVector<Factor, 4> factors = {};

  bool has(Factor factor) const { return factors.contains(factor); }
  /// An embedding has no bias, and no inputs; IA3 is of linears.
  bool suitsEmbedding() const { return !has(Factor::Bias) && !has(Factor::OutputScale) && !has(Factor::InputScale); }
  /// Whether outputs are multiplied by something.
  bool isScaled() const { return has(Factor::Magnitude) || has(Factor::OutputScale); }
  void add(const Site &other) { factors.insert(other.factors.begin(), other.factors.end()); }
};
using Sites = llvm::MapVector<StringAttr, Site>;

FailureOr<Sites> collectSites(ModuleOp module) {
  Sites sites;
  for (auto adapter : module.getOps<AdapterOp>())
    for (auto delta : adapter.getBody().getOps<DeltaOp>()) {
      auto [entry, isNew] = sites.insert({delta.getSiteAttr().getAttr(), Site{delta.getForm()}});
      Site &site = entry->second;
      if (site.form != delta.getForm())
        return delta.emitOpError("changes ") << delta.getSiteAttr() << " in another form than an adapter before it";
      for (const FactorInfo &info : factorTable)
        if (delta.has(info.factor))
          site.factors.insert(info.factor);
    }
  return sites;
}

LowRankType slotType(WeightType weight, Form form) {
  ArrayRef<int64_t> shape = weight.getShape();
  // An embedding's factors follow PEFT: B [D,R], A [R,V].
  return form == Form::Embedding ? LowRankType::get(weight.getContext(), shape[1], shape[0])
                                 : LowRankType::get(weight.getContext(), shape[0], shape[1]);
}

using Names = llvm::SetVector<StringAttr>;

/// The weights that some adapter brings whole.
Names collectReplacements(ModuleOp module) {
  Names names;
  module.walk([&](ReplacementOp replacement) { names.insert(replacement.getSiteAttr().getAttr()); });
  return names;
}

/// Every reader of such a weight reads what the bound adapter has in its place.
void replaceWeights(ModuleOp module, const Names &names) {
  SmallVector<UseOp> uses;
  module.walk([&](UseOp use) {
    if (names.contains(use.getWeightAttr().getAttr()))
      uses.push_back(use);
  });
  for (UseOp use : uses) {
    OpBuilder builder(use->getContext());
    builder.setInsertionPointAfter(use);
    auto replaced = ReplacedOp::create(builder, use.getLoc(), use.getType(), use, use.getWeightAttr());
    use.getResult().replaceAllUsesExcept(replaced, replaced);
  }
}

/// The stored weight that a value is, as adapters may have replaced it.
UseOp storedWeight(Value value) {
  if (auto replaced = value.getDefiningOp<ReplacedOp>())
    value = replaced.getWeight();
  return value.getDefiningOp<UseOp>();
}

/// Gives the reader of `weight` its lora form. What is neither a linear nor an
/// embedding over it, or reads it in the other orientation, takes no delta.
LogicalResult adaptReader(OpOperand &read, Value slot, const Site &site) {
  Operation *reader = read.getOwner();
  Value weight = read.get();
  OpBuilder builder(reader);
  Location loc = reader->getLoc();
  if (auto embedding = dyn_cast<EmbeddingOp>(reader);
      embedding && site.form == Form::Embedding && site.suitsEmbedding()) {
    auto lora = LoraEmbeddingOp::create(builder, loc, embedding.getType(), embedding.getIds(), weight, slot,
                                        embedding.getMask(), site.isScaled(), /*product_type=*/TypeAttr());
    embedding.replaceAllUsesWith(lora.getResult());
    embedding.erase();
    return success();
  }
  auto linear = dyn_cast<LinearOp>(reader);
  bool isWeight = linear && read.getOperandNumber() == linear.getWeightMutable().getOperandNumber();
  if (!isWeight || linear.getInOut() != (site.form == Form::Embedding))
    return reader->emitOpError("reads an adapted weight ")
           << weight.getType() << ", which takes no delta of form " << stringifyForm(site.form)
           << (site.has(Factor::Bias)  ? " with a bias"
               : site.suitsEmbedding() ? ""
                                       : " that scales")
           << " here";
  Value bias = linear.getBias();
  // A scale of outputs multiplies the bias too, if there is one.
  if (site.has(Factor::Bias) || (bias && site.has(Factor::OutputScale))) {
    auto type = cast<WeightType>(weight.getType());
    if (!bias)
      bias = ZeroBiasOp::create(
          builder, loc,
          WeightType::get(type.getContext(), {type.getShape()[linear.getInOut() ? 1 : 0]}, builder.getF32Type()));
    bias = MergeBiasOp::create(builder, loc, bias.getType(), bias, slot);
  }
  auto lora = LoraLinearOp::create(builder, loc, linear.getType(), linear.getX(), weight, slot, /*a=*/Value(),
                                   /*b=*/Value(), /*gain=*/Value(), bias, site.isScaled(), site.has(Factor::InputScale),
                                   linear.getInOut(), linear.getRowsAttr(), linear.getProductTypeAttr());
  linear.replaceAllUsesWith(lora.getResult());
  linear.erase();
  return success();
}

SmallVector<OpOperand *> readsOf(Value weight) {
  return llvm::map_to_vector(weight.getUses(), [](OpOperand &use) { return &use; });
}

LogicalResult adaptReaders(ArrayRef<OpOperand *> reads, Value slot, const Site &site) {
  for (OpOperand *read : reads)
    if (failed(adaptReader(*read, slot, site)))
      return failure();
  return success();
}

/// Body arguments that some call binds to an adapted weight.
using BodyArgument = std::pair<func::FuncOp, unsigned>;

/// Adds a slot argument to the body for the weight argument, and to its calls.
LogicalResult adaptBody(ModuleOp module, BodyArgument key, const Site &site) {
  auto [body, index] = key;
  BlockArgument weight = body.getArgument(index);
  Type type = slotType(cast<WeightType>(weight.getType()), site.form);
  unsigned position = body.getNumArguments();
  (void)body.insertArgument(position, type, {}, body.getLoc());
  Value slot = body.getArgument(position);
  if (failed(adaptReaders(readsOf(weight), slot, site)))
    return failure();

  WalkResult walked = module.walk([&](func::CallOp call) {
    if (call.getCallee() != body.getName())
      return WalkResult::advance();
    UseOp use = storedWeight(call.getOperand(index));
    if (!use) {
      call.emitOpError("hands over a computed weight where another call hands over an adapted one");
      return WalkResult::interrupt();
    }
    OpBuilder builder(call);
    Value bound = SlotOp::create(builder, call.getLoc(), type, use.getWeightAttr());
    call->insertOperands(call->getNumOperands(), bound);
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

struct AttachAdapters : impl::AttachAdaptersPassBase<AttachAdapters> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Model)))
      return signalPassFailure();
    FailureOr<Sites> collected = collectSites(module);
    if (failed(collected))
      return signalPassFailure();
    Sites &sites = *collected;
    Names replacements = collectReplacements(module), changed = replacements;
    for (auto &[name, site] : sites)
      changed.insert(name);
    SymbolTable symbols(module);
    DenseSet<StringAttr> read;
    module.walk([&](UseOp use) { read.insert(use.getWeightAttr().getAttr()); });
    for (StringAttr name : changed)
      if (!read.contains(name)) {
        module.emitError("an adapter changes the weight '") << name.getValue() << "', which nothing reads";
        return signalPassFailure();
      }
    replaceWeights(module, replacements);

    llvm::MapVector<BodyArgument, Site> bodies;
    SmallVector<UseOp> uses;
    module.walk([&](UseOp use) {
      if (sites.count(use.getWeightAttr().getAttr()))
        uses.push_back(use);
    });
    for (UseOp use : uses) {
      const Site &site = sites.find(use.getWeightAttr().getAttr())->second;
      OpBuilder builder(use->getContext());
      Value weight = use.getResult();
      if (auto replaced = weight.hasOneUse() ? dyn_cast<ReplacedOp>(*weight.user_begin()) : ReplacedOp())
        weight = replaced;
      builder.setInsertionPointAfterValue(weight);
      SmallVector<OpOperand *> direct;
      for (OpOperand &operand : weight.getUses()) {
        auto call = dyn_cast<func::CallOp>(operand.getOwner());
        if (!call) {
          direct.push_back(&operand);
          continue;
        }
        BodyArgument argument{symbols.lookup<func::FuncOp>(call.getCallee()), operand.getOperandNumber()};
        Site &merged = bodies.insert({argument, Site{site.form}}).first->second;
        if (merged.form != site.form) {
          call.emitOpError("hands over weights that adapters change in two forms");
          return signalPassFailure();
        }
        merged.add(site);
      }
      if (direct.empty())
        continue;
      Value slot = SlotOp::create(builder, use.getLoc(), slotType(use.getType(), site.form), use.getWeightAttr());
      if (failed(adaptReaders(direct, slot, site)))
        return signalPassFailure();
    }
    for (auto &[key, site] : bodies)
      if (failed(adaptBody(module, key, site)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace ptx
