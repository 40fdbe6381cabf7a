#include "passes/Analysis/Form.h"
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_FLATTENCALLSPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

void openCall(func::CallOp call, func::FuncOp body) {
  OpBuilder builder(call);
  IRMapping mapping;
  mapping.map(body.getArguments(), call.getOperands());
  for (Operation &op : body.getBody().front().without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    // "linear1" called from "enc_layers.0": the label of launches and errors.
    copy->setLoc(CallSiteLoc::get(op.getLoc(), call.getLoc()));
  }
  Operation *terminator = body.getBody().front().getTerminator();
  for (auto [result, value] : llvm::zip(call.getResults(), terminator->getOperands()))
    result.replaceAllUsesWith(mapping.lookupOrDefault(value));
  call.erase();
}

struct FlattenCalls : impl::FlattenCallsPassBase<FlattenCalls> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Staged)))
      return signalPassFailure();
    SymbolTable symbols(module);
    SmallVector<func::CallOp> calls;
    for (auto function : module.getOps<xf::FunctionOp>())
      function.walk([&](func::CallOp call) { calls.push_back(call); });
    for (func::CallOp call : calls) {
      auto body = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!body || body.isExternal()) {
        call.emitError("calls '") << call.getCallee() << "', which has no body";
        return signalPassFailure();
      }
      // Nobody said what this call may run beside: nothing.
      if (!isa<xf::WaveOp>(call->getParentOp()))
        xf::WaveOp::enclose(call.getOperation());
      openCall(call, body);
    }
    for (auto body : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      body.erase();
  }
};

} // namespace
} // namespace ptx
