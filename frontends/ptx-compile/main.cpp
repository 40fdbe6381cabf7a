// ptx-compile: a model directory and adapters in, one program out.
#include "frontends/ptx-compile/Compiler.h"
#include "passes/Passes.h"
#include "passes/Target/Worker.h"
#include "runtime/io/failure.h"
#include "runtime/io/temporary.h"

#include "llvm/Support/ErrorHandling.h"

/// LLVM throws nothing: its own errors end as ours do.
static void onFatalError(void *, const char *reason, bool) { ptx::endWith(reason); }

int main(int argc, char **argv) {
  ptx::endOnFailures("ptx-compile");
  llvm::install_fatal_error_handler(onFatalError);
  llvm::install_bad_alloc_error_handler(onFatalError);
  ptx::registerAllTargets();
  if (ptx::isCodegenWorker(argc, argv))
    return ptx::codegenWorkerMain(argc, argv);
  ptx::cleanUpOnSignals();
  int exitCode = 0;
  std::optional<ptx::CompileOptions> options = ptx::parseCommandLine(argc, argv, exitCode);
  if (!options)
    return exitCode;
  mlir::DialectRegistry registry;
  registry.insert<ptx::xf::XfDialect, ptx::stage::StageDialect, ptx::rt::RtDialect>();
  for (const ptx::Target *target : ptx::targets())
    target->registerDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  ptx::Compiler compiler(&context, *options);
  if (ptx::Status status = compiler.run(); !status) {
    llvm::errs() << "ptx-compile: error: " << status.error().message << "\n";
    return 1;
  }
  return 0;
}
