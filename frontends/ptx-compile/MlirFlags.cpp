#include "frontends/ptx-compile/MlirFlags.h"

#include "passes/Passes.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

namespace ptx {

Status parseMlirFlags(llvm::ArrayRef<std::string> flags) {
  if (flags.empty())
    return {};
  registerPtxPasses(); // which flags name
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  llvm::SmallVector<const char *> words = {"ptx-compile"};
  llvm::append_range(words, llvm::map_range(flags, [](const std::string &flag) { return flag.c_str(); }));
  std::string said;
  llvm::raw_string_ostream stream(said);
  if (llvm::cl::ParseCommandLineOptions(static_cast<int>(words.size()), words.data(), "", &stream))
    return {};
  // LLVM puts the name of the program in front.
  llvm::StringRef why = llvm::StringRef(said).split('\n').first;
  why.consume_front("ptx-compile: ");
  return Error{why.empty() ? "a flag of MLIR is wrong, see above" : why.str()};
}

} // namespace ptx
