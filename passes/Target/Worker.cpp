// The code-generation worker: this very program, started again.
#include "passes/Target/Worker.h"

#include "runtime/io/temporary.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <cstdlib>
#include <sys/prctl.h>

using namespace llvm;
using namespace ptx;

static constexpr StringRef workerFlag = "--ptx-codegen-worker";
static constexpr StringRef textPrefix = "text-"; // of files that hold TargetCode::texts

static Error makeError(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

namespace {
// The kernels and entries alone, as text: what the worker needs and no more.
std::string kernelText(mlir::ModuleOp module, std::string &names) {
  std::string text;
  raw_string_ostream stream(text);
  module.walk([&](ptx::rt::KernelOp kernel) {
    names += (names.empty() ? "'" : ", '") + kernel.getSymName().str() + "'";
    kernel->print(stream, mlir::OpPrintingFlags().useLocalScope());
    stream << "\n";
  });
  module.walk([&](ptx::rt::EntryOp entry) {
    entry->print(stream, mlir::OpPrintingFlags().useLocalScope());
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

Expected<std::string> readFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("'" + path + "' could not be read: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

std::string tail(StringRef path) {
  auto text = readFile(path);
  if (!text) {
    consumeError(text.takeError());
    return "";
  }
  return StringRef(*text).trim().take_back(4000).str();
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

Expected<TargetCode> ptx::compileInWorker(mlir::ModuleOp module, const Target &target, StringRef variant,
                                          const TargetFlags &flags, const WorkerOptions &options) {
  SmallString<128> folder;
  if (std::error_code error = sys::fs::createUniqueDirectory("ptx-codegen", folder))
    return makeError("no temporary directory could be created: " + error.message());
  TemporaryName directory(folder.str().str());
  auto inside = [&](StringRef name) { return directory.path() + "/" + name.str(); };
  std::string names, log = inside("log");
  if (Error error = writeFile(inside("kernels.mlir"), kernelText(module, names)))
    return error;
  // The link is resolved here: in the child it would name the child.
  SmallString<128> program;
  if (sys::fs::real_path(options.program, program))
    program = options.program;
  std::vector<std::string> words = {program.str().str(), workerFlag.str(), target.name().str(),
                                    variant.str(),       directory.path(), options.keepTexts ? "1" : "0"};
  for (const auto &[flag, value] : flags)
    words.push_back(flag + "=" + value);
  SmallVector<StringRef> arguments(words.begin(), words.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  std::string why;
  bool unstarted = false;
  int code = sys::ExecuteAndWait(program, arguments, std::nullopt, redirects, options.seconds, 0, &why, &unstarted);
  if (code != 0)
    return makeError("code generation for '" + target.name() + "', variant '" + variant + "' " +
                     describe(code, unstarted, why, options) + ", compiling " + names + "\n" + tail(log));
  auto bytes = readFile(inside("code")), notes = readFile(inside("notes"));
  if (!bytes || !notes)
    return joinErrors(bytes.takeError(), notes.takeError());
  TargetCode made{std::move(*bytes), std::move(*notes), {}};
  std::error_code error;
  for (sys::fs::directory_iterator file(directory.path(), error), end; !error && file != end; file.increment(error)) {
    StringRef kind = sys::path::filename(file->path());
    if (!kind.consume_front(textPrefix))
      continue;
    auto text = readFile(file->path());
    if (!text)
      return text.takeError();
    made.texts[kind.str()] = std::move(*text);
  }
  return made;
}

static Error work(const Target &target, StringRef variant, StringRef directory, bool keepTexts,
                  const TargetFlags &flags) {
  mlir::DialectRegistry registry;
  registry.insert<rt::RtDialect>();
  target.registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto module = mlir::parseSourceFile<mlir::ModuleOp>((directory + "/kernels.mlir").str(), &context);
  if (!module)
    return makeError("the kernels do not parse");
  auto generated = target.generate(*module, variant);
  if (!generated || failed(mlir::verify(*generated)))
    return makeError("the kernels could not be generated");
  std::string shown; // before it is lowered
  raw_string_ostream(shown) << *generated;
  auto code = target.compile(*generated, variant, flags, keepTexts);
  if (!code)
    return code.takeError();
  if (keepTexts)
    code->texts["mlir"] = std::move(shown);
  for (const auto &[kind, text] : code->texts)
    if (Error error = writeFile((directory + "/" + textPrefix + kind).str(), text))
      return error;
  if (Error error = writeFile((directory + "/code").str(), code->bytes))
    return error;
  return writeFile((directory + "/notes").str(), code->notes);
}

bool ptx::isCodegenWorker(int argc, char **argv) { return argc >= 2 && argv[1] == workerFlag; }

int ptx::codegenWorkerMain(int argc, char **argv) {
  const Target *target = argc >= 6 ? findTarget(argv[2]) : nullptr;
  if (!target) {
    errs() << "usage: " << workerFlag << " TARGET VARIANT DIRECTORY KEEPTEXTS [FLAG=VALUE]...\n";
    return 2;
  }
  TargetFlags flags;
  for (int i = 6; i < argc; ++i) {
    auto [flag, value] = StringRef(argv[i]).split('=');
    flags[flag.str()] = value.str();
  }
  // A worker does not outlive who waits for it, and what it leaves lies in the
  // directory that goes with its parent.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("TMPDIR", argv[4], /*overwrite=*/1);
  sys::PrintStackTraceOnErrorSignal(argv[0]);
  EnablePrettyStackTrace();
  if (Error error = work(*target, argv[3], argv[4], StringRef(argv[5]) == "1", flags)) {
    errs() << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
