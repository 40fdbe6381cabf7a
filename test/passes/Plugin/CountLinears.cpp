// A pass over xf that lives outside of ptx: ptx-opt loads it. See CONTRIBUTING.md.
#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {

/// Says how many linears a module has, and how many parameters they read.
struct CountLinears : PassWrapper<CountLinears, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountLinears)

  StringRef getArgument() const override { return "count-linears"; }
  StringRef getDescription() const override { return "count the linears of a module"; }
  void runOnOperation() override {
    int64_t linears = 0;
    DenseSet<Value> weights;
    getOperation().walk([&](ptx::xf::LinearOp op) {
      ++linears;
      weights.insert(op.getWeight());
    });
    getOperation().emitRemark() << linears << " linears of " << weights.size() << " weights";
  }
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "count-linears", "1", [] { PassRegistration<CountLinears>(); }};
}
