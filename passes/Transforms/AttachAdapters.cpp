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
  bool dora = false;
  bool bias = false;
};
using Sites = llvm::MapVector<StringAttr, Site>;

Sites collectSites(ModuleOp module) {
  Sites sites;
  module.walk([&](DeltaOp delta) {
    Site &site = sites[delta.getSiteAttr().getAttr()];
    site.form = delta.getForm();
    site.dora |= delta.getDora();
    site.bias |= delta.getBias();
  });
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

/// Gives the reader of `weight` its lora form. Readers that are calls are the
/// caller's business.
void adaptReader(Operation *reader, Value weight, Value slot, const Site &site) {
  OpBuilder builder(reader);
  Location loc = reader->getLoc();
  if (auto embedding = dyn_cast<EmbeddingOp>(reader)) {
    auto lora = LoraEmbeddingOp::create(builder, loc, embedding.getType(), embedding.getIds(), weight, slot,
                                        embedding.getMask(), site.dora);
    embedding.replaceAllUsesWith(lora.getResult());
    embedding.erase();
    return;
  }
  auto linear = dyn_cast<LinearOp>(reader);
  if (!linear || linear.getWeight() != weight)
    return;
  Value bias = linear.getBias();
  if (site.bias) {
    auto type = cast<WeightType>(weight.getType());
    if (!bias)
      bias = ZeroBiasOp::create(builder, loc,
                                WeightType::get(type.getContext(), {type.getShape()[0]}, builder.getF32Type()));
    bias = MergeBiasOp::create(builder, loc, bias.getType(), bias, slot);
  }
  auto lora =
      LoraLinearOp::create(builder, loc, linear.getType(), linear.getX(), weight, slot, /*a=*/Value(),
                           /*b=*/Value(), /*gain=*/Value(), bias, site.dora, linear.getInOut(), linear.getRowsAttr());
  linear.replaceAllUsesWith(lora.getResult());
  linear.erase();
}

/// Body arguments that some call binds to an adapted weight.
using BodyArgument = std::pair<func::FuncOp, unsigned>;

/// Adds a slot argument to the body for the weight argument, and to its calls.
void adaptBody(ModuleOp module, BodyArgument key, const Site &site) {
  auto [body, index] = key;
  BlockArgument weight = body.getArgument(index);
  Type type = slotType(cast<WeightType>(weight.getType()), site.form);
  unsigned position = body.getNumArguments();
  (void)body.insertArgument(position, type, {}, body.getLoc());
  Value slot = body.getArgument(position);
  for (Operation *reader : llvm::make_early_inc_range(llvm::to_vector(weight.getUsers())))
    adaptReader(reader, weight, slot, site);

  module.walk([&](func::CallOp call) {
    if (call.getCallee() != body.getName())
      return;
    UseOp use = storedWeight(call.getOperand(index));
    OpBuilder builder(call);
    Value bound = SlotOp::create(builder, call.getLoc(), type, use.getWeightAttr());
    call->insertOperands(call->getNumOperands(), bound);
  });
}

struct AttachAdapters : impl::AttachAdaptersPassBase<AttachAdapters> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Sites sites = collectSites(module);
    Names replacements = collectReplacements(module), changed = replacements;
    for (auto &[name, site] : sites)
      changed.insert(name);
    SymbolTable symbols(module);
    for (StringAttr name : changed)
      if (!symbols.lookup<WeightOp>(name)) {
        module.emitError("an adapter changes the weight '") << name.getValue() << "', which the model does not have";
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
      SmallVector<Operation *> direct;
      for (OpOperand &operand : weight.getUses()) {
        auto call = dyn_cast<func::CallOp>(operand.getOwner());
        if (!call) {
          direct.push_back(operand.getOwner());
          continue;
        }
        Site &merged = bodies[{symbols.lookup<func::FuncOp>(call.getCallee()), operand.getOperandNumber()}];
        merged.form = site.form;
        merged.dora |= site.dora;
        merged.bias |= site.bias;
      }
      if (direct.empty())
        continue;
      Value slot = SlotOp::create(builder, use.getLoc(), slotType(use.getType(), site.form), use.getWeightAttr());
      for (Operation *reader : direct)
        adaptReader(reader, weight, slot, site);
    }
    for (auto &[key, site] : bodies)
      adaptBody(module, key, site);
  }
};

} // namespace
} // namespace ptx
