#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_HOISTWEIGHTSPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace xf;

namespace {

bool isWeightExpression(Operation *op) { return op->hasTrait<WeightExpression>(); }

/// A body's weight expressions and those of their values that the body's
/// computation reads: what its callers must hand over instead of weights.
struct Frontier {
  SmallVector<Operation *> expressions; // in body order
  SmallVector<Value> values;
};

Frontier findFrontier(func::FuncOp body) {
  Frontier frontier;
  for (Operation &op : body.getBody().front())
    if (isWeightExpression(&op))
      frontier.expressions.push_back(&op);
  for (Operation *op : frontier.expressions)
    if (llvm::any_of(op->getUsers(), [](Operation *user) { return !isWeightExpression(user); }))
      frontier.values.push_back(op->getResult(0));
  return frontier;
}

/// Rewrites a call: the expressions are cloned in front of it.
void rewriteCall(func::CallOp call, func::FuncOp body, const Frontier &frontier, ArrayRef<unsigned> kept) {
  OpBuilder builder(call);
  IRMapping mapping;
  for (auto [argument, operand] : llvm::zip(body.getArguments(), call.getOperands()))
    mapping.map(argument, operand);
  for (Operation *op : frontier.expressions)
    builder.clone(*op, mapping);
  SmallVector<Value> operands;
  for (unsigned index : kept)
    operands.push_back(call.getOperand(index));
  for (Value value : frontier.values)
    operands.push_back(mapping.lookup(value));
  call->setOperands(operands);
}

void hoistBody(ModuleOp module, func::FuncOp body) {
  Frontier frontier = findFrontier(body);
  SmallVector<unsigned> kept;
  llvm::BitVector dropped(body.getNumArguments());
  for (BlockArgument argument : body.getArguments()) {
    // A parameter that is packed already stays one.
    if (isWeightLike(argument.getType()) && llvm::all_of(argument.getUsers(), isWeightExpression))
      dropped.set(argument.getArgNumber());
    else
      kept.push_back(argument.getArgNumber());
  }
  module.walk([&](func::CallOp call) {
    if (call.getCallee() == body.getName())
      rewriteCall(call, body, frontier, kept);
  });

  for (Value value : frontier.values) {
    unsigned position = body.getNumArguments();
    (void)body.insertArgument(position, value.getType(), {}, value.getLoc());
    value.replaceUsesWithIf(body.getArgument(position),
                            [](OpOperand &use) { return !isWeightExpression(use.getOwner()); });
  }
  for (Operation *op : llvm::reverse(frontier.expressions))
    op->erase();
  dropped.resize(body.getNumArguments());
  (void)body.eraseArguments(dropped);
}

struct HoistWeights : impl::HoistWeightsPassBase<HoistWeights> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Packed)))
      return signalPassFailure();
    for (func::FuncOp body : getOperation().getOps<func::FuncOp>())
      if (!body.isExternal())
        hoistBody(getOperation(), body);
  }
};

} // namespace
} // namespace ptx
