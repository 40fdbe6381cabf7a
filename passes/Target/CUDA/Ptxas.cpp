// PTX to a cubin by NVIDIA's assembler, which also counts registers and spills.
#include "passes/Target/CUDA/Codegen.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <tuple>

using namespace llvm;
using namespace ptx::cuda;

namespace {

struct Directory {
  SmallString<128> path;
  ~Directory() {
    if (!path.empty())
      std::ignore = sys::fs::remove_directories(path);
  }
  std::string file(StringRef name) const { return (path + "/" + name).str(); }
};

/// The virtual environment that test/cuda_tools.sh fills, beside the build's binaries.
std::string venvDirectory() {
  SmallString<256> self;
  if (sys::fs::real_path("/proc/self/exe", self))
    return "";
  sys::path::remove_filename(self);
  sys::path::append(self, "..", "cuda-venv", "bin");
  return self.str().str();
}

std::string contents(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

/// "contract_0: 64 registers, 0 bytes spilled, 17408 bytes shared" from what
/// ptxas -v says.
std::string readNotes(StringRef log, StringRef chip) {
  static const Regex compiling("Compiling entry function '([^']+)'"), spills("([0-9]+) bytes spill stores"),
      used("Used ([0-9]+) registers"), shared("([0-9]+) bytes smem");
  std::string notes, kernel, spilled = "0";
  SmallVector<StringRef> lines, match;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    if (compiling.match(line, &match))
      kernel = match[1].str();
    if (spills.match(line, &match))
      spilled = match[1].str();
    if (!used.match(line, &match))
      continue;
    std::string registers = match[1].str();
    std::string bytes = shared.match(line, &match) ? match[1].str() : "0";
    notes += ("kernel    " + kernel + "  " + chip + "  " + registers + " registers, " + spilled + " bytes spilled, " +
              bytes + " bytes shared\n")
                 .str();
  }
  return notes;
}

} // namespace

Expected<std::string> ptx::cuda::findPtxas(StringRef wanted) {
  if (!wanted.empty()) {
    if (sys::fs::can_execute(wanted))
      return wanted.str();
    return createStringError("--ptxas='" + wanted + "': there is no such program");
  }
  if (auto path = sys::findProgramByName("ptxas"))
    return *path;
  std::string places[] = {std::getenv("CUDA_HOME") ? std::string(std::getenv("CUDA_HOME")) + "/bin" : "",
                          std::getenv("CUDA_PATH") ? std::string(std::getenv("CUDA_PATH")) + "/bin" : "",
                          "/usr/local/cuda/bin", "/opt/cuda/bin", venvDirectory()};
  for (const std::string &place : places)
    if (!place.empty())
      if (auto path = sys::findProgramByName("ptxas", {place}))
        return *path;
  return createStringError("'ptxas' is neither in PATH nor in CUDA's usual places; install the CUDA toolkit, run "
                           "test/cuda_tools.sh, or name it with --ptxas=FILE");
}

Expected<Cubin> ptx::cuda::assemble(const std::string &ptx, const Chip &chip, StringRef wanted) {
  auto program = findPtxas(wanted);
  if (!program)
    return program.takeError();
  Directory directory;
  if (std::error_code error = sys::fs::createUniqueDirectory("ptx-ptxas", directory.path))
    return createStringError("no temporary directory could be created: " + error.message());
  std::string in = directory.file("kernels.ptx"), out = directory.file("kernels.cubin"), log = directory.file("log");
  {
    std::error_code error;
    raw_fd_ostream stream(in, error);
    if (error)
      return createStringError("'" + in + "' could not be written: " + error.message());
    stream << ptx;
  }
  // The input by its bare name: the cubin must not hold this machine's paths.
  std::string arch = ("--gpu-name=" + chip.name).str();
  StringRef arguments[] = {*program, "-v", "-O3", "--fmad=false", arch, in, "-o", out};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  std::string why;
  int code = sys::ExecuteAndWait(*program, arguments, std::nullopt, redirects, /*SecondsToWait=*/240, 0, &why);
  std::string said = contents(log);
  if (code != 0)
    return createStringError("'" + *program + "' refused the code for " + chip.name + ": " + why + "\n" +
                             StringRef(said).trim().take_back(2000));
  Cubin cubin{contents(out), readNotes(said, chip.name)};
  if (cubin.bytes.empty())
    return createStringError("'" + *program + "' left no output");
  return cubin;
}
