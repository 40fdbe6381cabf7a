// Kernels to machine code: LLVM dialect, object, shared object.
#ifndef PTX_PASSES_TARGET_CPU_CODEGEN_H
#define PTX_PASSES_TARGET_CPU_CODEGEN_H

#include "passes/Target/CPU/Level.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace ptx::cpu {

/// Dialects of rt modules and of generated kernels, with their translation.
void registerKernelDialects(mlir::DialectRegistry &registry);

/// Generated kernels to the LLVM dialect, in place.
llvm::LogicalResult lowerToLLVM(mlir::ModuleOp module);

/// A module of the LLVM dialect to an ELF object for the level.
llvm::Expected<std::vector<char>> compileToObject(mlir::ModuleOp module, Level level);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_CODEGEN_H
