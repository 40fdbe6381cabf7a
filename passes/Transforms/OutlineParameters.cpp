#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"

namespace ptx {
#define GEN_PASS_DEF_OUTLINEPARAMETERSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

/// The first weight or site an expression names, for a telling symbol.
StringRef namedAfter(Operation *op) {
  if (auto use = dyn_cast<UseOp>(op))
    return use.getWeight();
  if (auto slot = dyn_cast<SlotOp>(op))
    return slot.getSite();
  for (Value operand : op->getOperands())
    if (StringRef name = namedAfter(operand.getDefiningOp()); !name.empty())
      return name;
  return {};
}

class Outliner {
public:
  explicit Outliner(ModuleOp module) : module(module), symbols(module) {}

  void outline(Operation *root) {
    OpBuilder builder(root);
    Value value = root->getResult(0);
    ParameterOp parameter = getOrCreate(root);
    Value get = GetOp::create(builder, root->getLoc(), value.getType(), parameter.getSymName());
    value.replaceAllUsesWith(get);
  }

private:
  /// Equal expressions print equally, so the text is the key.
  ParameterOp getOrCreate(Operation *root) {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    options.omitBlockArguments = true;
    (void)getBackwardSlice(root, &slice, options);

    OpBuilder builder(module.getContext());
    auto type = cast<PackedType>(root->getResult(0).getType());
    builder.setInsertionPoint(root->getParentOfType<FunctionOp>());
    auto parameter = ParameterOp::create(builder, root->getLoc(), "parameter", type);
    builder.createBlock(&parameter.getBody());
    IRMapping mapping;
    for (Operation *op : slice)
      builder.clone(*op, mapping);
    YieldOp::create(builder, root->getLoc(), mapping.lookup(root->getResult(0)));

    std::string text;
    llvm::raw_string_ostream stream(text);
    parameter.print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
    ParameterOp &known = parameters[text];
    if (known) {
      parameter.erase();
      return known;
    }
    StringRef base = namedAfter(root);
    parameter.setSymName((base.empty() ? "generated" : base).str() + "." + stringifyEnum(type.getLayout()).str());
    symbols.insert(parameter);
    return known = parameter;
  }

  ModuleOp module;
  SymbolTable symbols;
  llvm::StringMap<ParameterOp> parameters;
};

struct OutlineParameters : impl::OutlineParametersPassBase<OutlineParameters> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Packed)))
      return signalPassFailure();
    Outliner outliner(getOperation());
    SmallVector<Operation *> roots, leftovers;
    getOperation().walk([&](FunctionOp function) {
      function.walk([&](Operation *op) {
        if (op->hasTrait<WeightExpression>())
          (isa<PackedType>(op->getResult(0).getType()) ? roots : leftovers).push_back(op);
      });
    });
    for (Operation *root : roots)
      outliner.outline(root);
    for (Operation *root : roots)
      root->erase();
    for (Operation *op : llvm::reverse(leftovers))
      if (op->use_empty())
        op->erase();
  }
};

} // namespace
} // namespace ptx
