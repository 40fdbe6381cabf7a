// The interpreter on a module of text that carries its values; see CaseDialect.h and Case.h.
#include "test/passes/Interpreter/Case.h"
#include "test/passes/Interpreter/CaseDialect.h"

#include "dialects/stage/IR/StageDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/ToolUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

namespace {
struct Options {
  llvm::cl::opt<std::string> file{llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("FILE")};
  llvm::cl::opt<std::string> adapter{"adapter", llvm::cl::desc("the adapter bound; without it, none")};
  llvm::cl::opt<bool> parameters{"parameters", llvm::cl::desc("print every parameter instead of the calls' outputs")};
  llvm::cl::opt<bool> split{"split-input-file", llvm::cl::desc("a module ends at each // -----")};
  llvm::cl::opt<bool> verify{"verify-diagnostics", llvm::cl::desc("errors are those of expected-error comments")};
};
} // namespace

static LogicalResult interpret(MLIRContext &context, llvm::SourceMgr &sources, const Options &options,
                               llvm::raw_ostream &os) {
  auto module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module)
    return failure();
  return options.parameters ? printParameters(*module, options.adapter, os) : runCalls(*module, options.adapter, os);
}

static LogicalResult interpretText(std::unique_ptr<llvm::MemoryBuffer> text, const Options &options,
                                   llvm::raw_ostream &os) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<CaseDialect, xf::XfDialect, stage::StageDialect, arith::ArithDialect, math::MathDialect,
                      func::FuncDialect>();
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(text), llvm::SMLoc());
  if (!options.verify) {
    SourceMgrDiagnosticHandler handler(sources, &context);
    return interpret(context, sources, options, os);
  }
  SourceMgrDiagnosticVerifierHandler handler(sources, &context);
  (void)interpret(context, sources, options, os); // what must fail is in the file
  return handler.verify();
}

int main(int argc, char **argv) {
  Options options;
  llvm::cl::ParseCommandLineOptions(argc, argv, "interprets a test's module\n");
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(options.file, &error);
  if (!file) {
    llvm::errs() << error << '\n';
    return 1;
  }
  auto one = [&](std::unique_ptr<llvm::MemoryBuffer> text, llvm::raw_ostream &os) {
    return interpretText(std::move(text), options, os);
  };
  return failed(splitAndProcessBuffer(std::move(file), one, llvm::outs(), options.split ? kDefaultSplitMarker : ""));
}
