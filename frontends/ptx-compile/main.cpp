// ptx-compile: a model directory and adapters in, one program out.
#include "frontends/ptx-compile/Compiler.h"
#include "passes/Passes.h"
#include "passes/Target/CPU/Codegen.h"

int main(int argc, char **argv) {
  if (ptx::cpu::isCodegenWorker(argc, argv))
    return ptx::cpu::codegenWorkerMain(argc, argv);
  int exitCode = 0;
  std::optional<ptx::CompileOptions> options = ptx::parseCommandLine(argc, argv, exitCode);
  if (!options)
    return exitCode;
  mlir::DialectRegistry registry;
  registry.insert<ptx::xf::XfDialect, ptx::stage::StageDialect, ptx::rt::RtDialect>();
  ptx::cpu::registerKernelDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  ptx::Compiler compiler(&context, *options);
  if (ptx::Status status = compiler.run(); !status) {
    llvm::errs() << "ptx-compile: error: " << status.error().message << "\n";
    return 1;
  }
  return 0;
}
