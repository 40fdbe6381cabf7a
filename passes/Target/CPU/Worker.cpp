// The code-generation worker: this very program, started again.
#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/CPU/KernelModule.h"
#include "passes/Target/Common/Link.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <tuple>

using namespace llvm;
using namespace ptx::cpu;

static constexpr StringRef workerFlag = "--ptx-codegen-worker";

static Error makeError(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

Expected<std::vector<char>> ptx::cpu::compileKernelsHere(mlir::ModuleOp rtModule, Level level) {
  auto kernels = generateKernels(rtModule, level);
  if (!kernels)
    return makeError("the kernels could not be generated");
  if (failed(lowerToLLVM(*kernels)))
    return makeError("the kernels could not be lowered to the LLVM dialect");
  auto object = compileToObject(*kernels, level);
  if (!object)
    return object.takeError();
  return target::linkShared(*object);
}

namespace {
struct Directory {
  SmallString<128> path;
  ~Directory() {
    if (!path.empty())
      std::ignore = sys::fs::remove_directories(path);
  }
  std::string file(StringRef name) const { return (path + "/" + name).str(); }
};

// The kernels alone, as text: what the worker needs and no more.
std::string kernelText(mlir::ModuleOp module, std::string &names) {
  std::string text;
  raw_string_ostream stream(text);
  module.walk([&](ptx::rt::KernelOp kernel) {
    names += (names.empty() ? "'" : ", '") + kernel.getSymName().str() + "'";
    kernel->print(stream, mlir::OpPrintingFlags().useLocalScope());
    stream << "\n";
  });
  return text;
}

Error writeFile(StringRef path, StringRef bytes) {
  std::error_code error;
  raw_fd_ostream stream(path, error);
  if (!error) {
    stream << bytes;
    stream.close();
    error = stream.error();
    stream.clear_error();
  }
  return error ? makeError("'" + path + "' could not be written: " + error.message()) : Error::success();
}

std::string tail(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return "";
  return (*buffer)->getBuffer().trim().take_back(4000).str();
}

// ExecuteAndWait: -1 did not start, -2 crash or timeout.
std::string describe(int code, bool unstarted, StringRef why, const WorkerOptions &options) {
  if (unstarted || code == -1)
    return ("could not be started (" + why + ")").str();
  if (why.contains("timed out"))
    return formatv("did not finish after {0} s", options.seconds);
  return code == -2 ? "crashed" : "failed";
}
} // namespace

Expected<std::vector<char>> ptx::cpu::compileKernels(mlir::ModuleOp rtModule, Level level,
                                                     const WorkerOptions &options) {
  Directory directory;
  if (std::error_code error = sys::fs::createUniqueDirectory("ptx-codegen", directory.path))
    return makeError("no temporary directory could be created: " + error.message());
  std::string in = directory.file("kernels.mlir"), out = directory.file("kernels.so"), log = directory.file("log");
  std::string names;
  if (Error error = writeFile(in, kernelText(rtModule, names)))
    return error;
  // The link is resolved here: in the child it would name the child.
  SmallString<128> program;
  if (sys::fs::real_path(options.program, program))
    program = options.program;
  StringRef name = info(level).name;
  StringRef arguments[] = {program, workerFlag, name, in, out};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  std::string why;
  bool unstarted = false;
  int code = sys::ExecuteAndWait(program, arguments, std::nullopt, redirects, options.seconds, 0, &why, &unstarted);
  if (code != 0)
    return makeError("code generation for level '" + name + "' " + describe(code, unstarted, why, options) +
                     ", compiling " + names + "\n" + tail(log));
  auto buffer = MemoryBuffer::getFile(out, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("code generation for level '" + name + "' left no output");
  return std::vector<char>((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
}

bool ptx::cpu::isCodegenWorker(int argc, char **argv) { return argc >= 2 && argv[1] == workerFlag; }

int ptx::cpu::codegenWorkerMain(int argc, char **argv) {
  std::optional<Level> level = argc == 5 ? parseLevel(argv[2]) : std::nullopt;
  if (!level) {
    errs() << "usage: " << workerFlag << " LEVEL INFILE OUTFILE\n";
    return 2;
  }
  sys::PrintStackTraceOnErrorSignal(argv[0]);
  EnablePrettyStackTrace();
  mlir::DialectRegistry registry;
  registerKernelDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[3], &context);
  if (!module)
    return 1;
  auto shared = compileKernelsHere(*module, *level);
  if (!shared) {
    errs() << toString(shared.takeError()) << "\n";
    return 1;
  }
  if (Error error = writeFile(argv[4], StringRef(shared->data(), shared->size()))) {
    errs() << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
