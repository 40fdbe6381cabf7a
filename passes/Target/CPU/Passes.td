#ifndef PTX_PASSES_TARGET_CPU_PASSES
#define PTX_PASSES_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def GenerateCpuKernelsPass : Pass<"ptx-generate-cpu-kernels", "::mlir::ModuleOp"> {
  let summary = "replace every rt.kernel by a function of the kernel ABI";
  let description = [{
    Everything else in the module goes: what is left is a module of kernels and
    the micro-kernels they share, in func, scf, arith, math, vector and raw
    memory accesses of the LLVM dialect.
  }];
  let options = [Option<"level", "level", "std::string", "\"avx2\"", "avx2 or avx512">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def LowerCpuKernelsPass : Pass<"ptx-lower-cpu-kernels", "::mlir::ModuleOp"> {
  let summary = "lower generated kernels to the LLVM dialect";
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // PTX_PASSES_TARGET_CPU_PASSES
