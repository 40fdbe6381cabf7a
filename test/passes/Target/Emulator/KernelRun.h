// A kernel's way from a text of NVPTX IR to a run in the emulator.
#ifndef PTX_TEST_PASSES_TARGET_EMULATOR_KERNELRUN_H
#define PTX_TEST_PASSES_TARGET_EMULATOR_KERNELRUN_H

#include "runtime/emulator/emulator.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace ptx::test {

/// The text of a file in kernels/.
std::string readKernel(const std::string &file);
/// A text with `from` replaced by `to`; fails the test when it does not occur.
std::string edited(std::string text, const std::string &from, const std::string &to);

/// Through the NVPTX O3 pipeline for sm_80, retargeted, compiled and linked.
llvm::Expected<std::vector<char>> compileText(const std::string &text);
/// The same, loaded; the test fails if any of it does.
emulator::Code loadText(const std::string &text);

/// Seeds of every schedule and of a few random ones.
std::vector<uint64_t> allSeeds();

/// An emulator with named arrays of f32 that launches may read or write.
class Bench {
public:
  explicit Bench(const emulator::Options &options = {});
  emulator::Emulator &operator*() { return *machine; }
  emulator::Emulator *operator->() { return &*machine; }

  uint64_t input(const char *name, const std::vector<float> &values);
  uint64_t output(const char *name, size_t count);
  std::vector<float> values(uint64_t address, size_t count);
  /// The message of the first fault; empty where there is none.
  std::string run(const emulator::Code &code, const std::string &kernel, std::vector<uint64_t> params,
                  std::vector<uint32_t> blocks, std::vector<uint32_t> threads, uint32_t sharedBytes = 0);

private:
  Result<emulator::Emulator> machine;
  std::vector<emulator::Range> ranges;
};

void expectContains(const std::string &text, const std::string &part);

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_EMULATOR_KERNELRUN_H
