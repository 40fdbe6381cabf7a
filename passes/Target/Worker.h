// Code generation in a process of its own: LLVM's back ends end the process on
// some inputs, ptx does not.
#ifndef PTX_PASSES_TARGET_WORKER_H
#define PTX_PASSES_TARGET_WORKER_H

#include "passes/Target/Target.h"

namespace ptx {

struct WorkerOptions {
  bool keepTexts = false;                 // fill TargetCode::texts
  std::string program = "/proc/self/exe"; // an executable whose main calls codegenWorkerMain
  unsigned seconds = 300;                 // after which the worker is ended
};

/// Code for the rt.kernels and rt.entries of a module, made in a worker
/// process. May be called from several threads: variants compile side by side.
llvm::Expected<TargetCode> compileInWorker(mlir::ModuleOp module, const Target &target, llvm::StringRef variant,
                                           const TargetFlags &flags, const WorkerOptions &options = {});

/// The hidden first argument: `--ptx-codegen-worker TARGET VARIANT DIRECTORY KEEPTEXTS [FLAG=VALUE]...`.
bool isCodegenWorker(int argc, char **argv);
/// What main returns when `isCodegenWorker`. Targets must be registered.
int codegenWorkerMain(int argc, char **argv);

} // namespace ptx

#endif // PTX_PASSES_TARGET_WORKER_H
