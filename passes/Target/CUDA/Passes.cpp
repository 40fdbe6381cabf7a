#include "passes/Target/CUDA/Passes.h"

#include "dialects/dev/IR/DevDialect.h"
#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/KernelModule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace ptx::cuda {
#define GEN_PASS_DEF_GENERATECUDAKERNELSPASS
#define GEN_PASS_DEF_LOWERCUDAKERNELSPASS
#include "passes/Target/CUDA/Passes.h.inc"

namespace {
struct GenerateCudaKernels : impl::GenerateCudaKernelsPassBase<GenerateCudaKernels> {
  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    mlir::OwningOpRef<mlir::ModuleOp> kernels = generateKernels(module);
    module.getBodyRegion().takeBody(kernels->getBodyRegion());
    module->setAttrs(kernels->getOperation()->getAttrDictionary());
  }
};

struct LowerCudaKernels : impl::LowerCudaKernelsPassBase<LowerCudaKernels> {
  void runOnOperation() override {
    if (failed(lowerToNVVM(getOperation())))
      signalPassFailure();
  }
};
} // namespace
} // namespace ptx::cuda
