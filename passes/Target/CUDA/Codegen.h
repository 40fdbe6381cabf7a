// From a gpu.module to what a device runs: the NVVM dialect, optimised LLVM
// IR, PTX, and by ptxas a cubin.
#ifndef PTX_PASSES_TARGET_CUDA_CODEGEN_H
#define PTX_PASSES_TARGET_CUDA_CODEGEN_H

#include "passes/Target/CUDA/Chips.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace ptx::cuda {

/// Dialects of rt modules and of generated kernels, with their translation.
void registerKernelDialects(mlir::DialectRegistry &registry);

/// The gpu.module inside to LLVM and NVVM, in place. Refuses inline assembly.
llvm::LogicalResult lowerToNVVM(mlir::ModuleOp module);

/// The lowered gpu.module as LLVM IR after the optimiser of the NVPTX side: what
/// PTX is made from, and what the emulator runs.
llvm::Expected<std::unique_ptr<llvm::Module>> optimisedModule(mlir::ModuleOp lowered, const Chip &chip,
                                                              llvm::LLVMContext &context);

/// PTX for the chip. Equal inputs give equal text.
llvm::Expected<std::string> toPtx(llvm::Module &module, const Chip &chip);

struct Cubin {
  std::string bytes;
  /// One line per kernel: registers, spilled bytes, shared bytes.
  std::string notes;
};
/// `ptxas` is a path, or empty: PATH, CUDA's usual places, and the virtual
/// environment that test/cuda_tools.sh makes are searched.
llvm::Expected<Cubin> assemble(const std::string &ptx, const Chip &chip, llvm::StringRef ptxas);
llvm::Expected<std::string> findPtxas(llvm::StringRef wanted);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_CODEGEN_H
