// ptx-compile: a model directory and adapters in, one program out.
#include "frontends/ptx-compile/Compiler.h"
#include "passes/Passes.h"
#include "passes/Target/Worker.h"
#include "runtime/io/temporary.h"

int main(int argc, char **argv) {
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
