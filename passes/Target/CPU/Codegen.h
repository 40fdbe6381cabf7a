// Kernels to machine code: LLVM dialect, object, shared object.
// `compileKernels` runs all of it in a worker process, because the back end
// ends the process when it cannot select an instruction.
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

/// All of the above in this process, linked to a shared object without
/// dependencies that exports the kernels only. Equal inputs give equal bytes.
llvm::Expected<std::vector<char>> compileKernelsHere(mlir::ModuleOp rtModule, Level level);

struct WorkerOptions {
  std::string program = "/proc/self/exe"; // an executable whose main calls codegenWorkerMain
  unsigned seconds = 120;                 // after which the worker is ended
};

/// The shared object for the rt.kernels of a module, made in a worker process.
/// May be called from several threads: levels compile side by side.
llvm::Expected<std::vector<char>> compileKernels(mlir::ModuleOp rtModule, Level level,
                                                 const WorkerOptions &options = {});

/// The hidden first argument: `--ptx-codegen-worker LEVEL INFILE OUTFILE`.
bool isCodegenWorker(int argc, char **argv);
/// What main returns when `isCodegenWorker`.
int codegenWorkerMain(int argc, char **argv);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_CODEGEN_H
