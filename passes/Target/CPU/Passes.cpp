#include "passes/Target/CPU/Passes.h"

#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/CPU/KernelModule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace ptx::cpu {
#define GEN_PASS_DEF_GENERATECPUKERNELSPASS
#define GEN_PASS_DEF_LOWERCPUKERNELSPASS
#include "passes/Target/CPU/Passes.h.inc"

namespace {
struct GenerateCpuKernels : impl::GenerateCpuKernelsPassBase<GenerateCpuKernels> {
  using GenerateCpuKernelsPassBase::GenerateCpuKernelsPassBase;
  void runOnOperation() override {
    std::optional<Level> chosen = parseLevel(level);
    if (!chosen) {
      getOperation().emitError("unknown level '") << level << "', expected 'avx2' or 'avx512'";
      return signalPassFailure();
    }
    auto kernels = generateKernels(getOperation(), *chosen);
    if (!kernels)
      return signalPassFailure();
    getOperation().getBodyRegion().takeBody(kernels->getBodyRegion());
  }
};

struct LowerCpuKernels : impl::LowerCpuKernelsPassBase<LowerCpuKernels> {
  void runOnOperation() override {
    if (failed(lowerToLLVM(getOperation())))
      signalPassFailure();
  }
};
} // namespace
} // namespace ptx::cpu
