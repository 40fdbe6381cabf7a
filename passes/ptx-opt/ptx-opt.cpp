// Every pass and phase of ptx on IR text; the flags are mlir-opt's.
#include "passes/Passes.h"
#include "passes/Pipelines/Phases.h"
#include "passes/Target/CPU/Passes.h"
#include "passes/Target/CUDA/Passes.h"
#include "passes/Target/Target.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<ptx::xf::XfDialect, ptx::stage::StageDialect, ptx::rt::RtDialect, mlir::arith::ArithDialect,
                  mlir::func::FuncDialect, mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect,
                  mlir::LLVM::LLVMDialect>();
  ptx::registerAllTargets();
  for (const ptx::Target *target : ptx::targets())
    target->registerDialects(registry);
  mlir::registerTransformsPasses();
  ptx::registerPtxPasses();
  ptx::registerPhasePipelines();
  ptx::cpu::registerPtxCpuPasses();
  ptx::cuda::registerPtxCudaPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "ptx optimizer driver\n", registry));
}
