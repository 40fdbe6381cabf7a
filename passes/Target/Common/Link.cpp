#include "passes/Target/Common/Link.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

#include <tuple>

using namespace llvm;

static Error makeError(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

Expected<std::unique_ptr<TargetMachine>> ptx::target::makeHostMachine(StringRef processor, StringRef features) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  Triple triple("x86_64-unknown-linux-gnu");
  std::string why;
  const Target *target = TargetRegistry::lookupTarget(triple, why);
  if (!target)
    return makeError(why);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict; // a multiply and an add stay two roundings
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(triple, processor, features, options, Reloc::PIC_,
                                                                    std::nullopt, CodeGenOptLevel::Aggressive));
}

Expected<std::vector<char>> ptx::target::emitObject(Module &module, TargetMachine &machine) {
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager emit;
  if (machine.addPassesToEmitFile(emit, stream, nullptr, CodeGenFileType::ObjectFile))
    return makeError("the back end cannot write objects");
  emit.run(module);
  return std::vector<char>(object.begin(), object.end());
}

namespace {
// A file that goes when its owner does.
struct TemporaryFile {
  SmallString<128> path;
  ~TemporaryFile() {
    if (!path.empty())
      std::ignore = sys::fs::remove(path);
  }
  Error create(StringRef suffix) {
    if (std::error_code error = sys::fs::createTemporaryFile("ptx-kernels", suffix, path))
      return makeError("no temporary file could be created: " + error.message());
    return Error::success();
  }
};
} // namespace

static Expected<std::string> findLinker() {
  for (StringRef name : {"ld.lld-22", "ld.lld"}) {
    if (auto path = sys::findProgramByName(name))
      return *path;
    if (auto path = sys::findProgramByName(name, {"/usr/lib/llvm-22/bin"}))
      return *path;
  }
  return makeError("'ld.lld' is neither in PATH nor in /usr/lib/llvm-22/bin; "
                   "install lld-22");
}

Expected<std::vector<char>> ptx::target::linkShared(const std::vector<char> &object) {
  auto linker = findLinker();
  if (!linker)
    return linker.takeError();
  TemporaryFile in, out;
  if (Error error = in.create("o"))
    return error;
  if (Error error = out.create("so"))
    return error;
  {
    std::error_code error;
    raw_fd_ostream stream(in.path, error);
    stream.write(object.data(), object.size());
    stream.close();
    if (stream.has_error()) {
      error = stream.error();
      stream.clear_error();
      return makeError("'" + in.path + "' could not be written: " + error.message());
    }
  }
  std::string why;
  StringRef arguments[] = {
      *linker, "-shared", "--strip-all", "--build-id=none", "--hash-style=gnu", "-z",          "now", "-z",
      "relro", "-z",      "noexecstack", "--no-undefined",  "--gc-sections",    in.path.str(), "-o",  out.path.str()};
  if (sys::ExecuteAndWait(*linker, arguments, std::nullopt, {}, 60, 0, &why) != 0)
    return makeError("the linker '" + *linker + "' failed: " + why);
  auto buffer = MemoryBuffer::getFile(out.path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("the linker left no output");
  return std::vector<char>((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
}
