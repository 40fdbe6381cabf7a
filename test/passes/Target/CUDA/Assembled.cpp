#include "test/passes/Target/CUDA/Assembled.h"

#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/CudaTarget.h"

#include <sstream>

using namespace ptx;
using namespace ptx::test;

namespace {

/// "kernel    NAME  CHIP  40 registers, 0 bytes spilled, 0 bytes shared"
std::map<std::string, Used> parse(const std::string &notes) {
  std::map<std::string, Used> all;
  std::istringstream lines(notes);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, name;
    Used used;
    words >> word >> name >> word >> used.registers >> word >> used.spilled >> word >> word >> used.shared;
    all[name] = used;
  }
  return all;
}

} // namespace

const std::vector<std::string> ptx::test::assembledVariants = {"sm_80", "sm_89", "sm_90a", "ptx_sm_90"};

llvm::Expected<std::map<std::string, Used>> ptx::test::assembled(mlir::ModuleOp kernels, const std::string &variant) {
  const Target &target = cuda::target();
  auto generated = target.generate(kernels, variant);
  auto code = target.compile(*generated, variant, {{"ptxas", ""}}, /*keepTexts=*/false);
  if (!code)
    return code.takeError();
  llvm::StringRef chip = variant;
  if (!chip.consume_front("ptx_"))
    return parse(code->notes);
  auto cubin = cuda::assemble(code->bytes, *cuda::findChip(chip), "");
  if (!cubin)
    return cubin.takeError();
  return parse(cubin->notes);
}
