#ifndef PTX_PASSES_TARGET_CUDA_PASSES
#define PTX_PASSES_TARGET_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def GenerateCudaKernelsPass : Pass<"ptx-generate-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "replace every rt.entry by a kernel in a gpu.module";
  let description = [{
    One kernel per entry: each thread block finds its problem in the launch's
    table and does one tile of it. Everything else in the module goes.

    Before: `rt.entry @entry_0 [@map_0]`; after: `gpu.module @kernels` with
    `gpu.func @entry_0(%problems, %count, %stride) kernel`.
    See test/passes/Target/CUDA/contract.mlir.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::ptx::dev::DevDialect"];
}

def LowerCudaKernelsPass : Pass<"ptx-lower-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "lower generated GPU kernels to the NVVM dialect";
  let description = "Refuses inline assembly: what the emulator cannot run, nothing proves.";
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // PTX_PASSES_TARGET_CUDA_PASSES
