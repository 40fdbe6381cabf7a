// What the tests of the CUDA device share: the fake driver, and two kernels
// with two entries.
#ifndef PTX_TEST_RUNTIME_CUDA_CUDATEST_H
#define PTX_TEST_RUNTIME_CUDA_CUDATEST_H

#include "runtime/cuda/device.h"
#include "runtime/device/open_device.h"
#include "test/runtime/cuda/fake_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace ptx {

class CudaTest : public ::testing::Test {
protected:
  void SetUp() override {
    ::setenv("PTX_CUDA_DRIVER", FAKE_DRIVER, 1);
    ::setenv("PTX_CUBLASLT", FAKE_CUBLASLT, 1);
    fake_reset();
  }
  void TearDown() override { EXPECT_EQ(fake_live(), 0) << "something was not given back"; }

  static Result<std::shared_ptr<Device>> open(const char *level = "") {
    return Device::open(*cudaDevice(), {0, level});
  }
  static std::string openError() {
    Result<std::shared_ptr<Device>> device = open();
    return device ? "" : device.error().message;
  }

  struct Code {
    const char *variant;
    std::string text;
  };
  /// entry_one has the kernel "one", entry_both "one" and "two".
  static Status load(const Device &device, const std::vector<Code> &codes) {
    static const ptx_metadata tiles[] = {{"tile_rows", 32}, {"tile_columns", 8}, {"few_rows", 4}, {"few_columns", 4}};
    static const ptx_metadata small[] = {{"threads", 128}}, large[] = {{"threads", 256}, {"shared", 64 << 10}};
    static const uint32_t members[] = {0, 1};
    static const ptx_kernel_info kernels[] = {{"one", tiles, 4, nullptr, 0, 2}, {"two", tiles, 4, nullptr, 0, 3}};
    static const ptx_kernel_info entries[] = {{"entry_one", small, 1, members, 1, 0},
                                              {"entry_both", large, 2, members, 2, 0}};
    std::vector<ptx_code_payload> payloads;
    for (const Code &code : codes)
      payloads.push_back({code.variant, code.text.data(), code.text.size()});
    return device.load(payloads, kernels, entries);
  }
  static std::string loadError(const std::vector<Code> &codes, const char *level = "") {
    Status status = load(**open(level), codes);
    return status ? "" : status.error().message;
  }
  static Code code(const char *variant, const char *target) {
    return {variant, std::string(target) + "\nkernel entry_one\nkernel entry_both\n"};
  }

  /// The recorded calls of some functions, in order.
  static std::vector<std::string> calls(const std::vector<std::string> &names) {
    std::vector<std::string> found;
    std::istringstream lines(fake_calls());
    for (std::string line; std::getline(lines, line);)
      if (std::find(names.begin(), names.end(), line.substr(0, line.find(' '))) != names.end())
        found.push_back(line);
    return found;
  }
};

/// Three launches: one problem; nothing; two problems of different kernels.
struct ThreeLaunches {
  uint64_t words[3] = {1, 2, 3};
  ptx_problem first[1] = {problem(0, 100, 20)}, third[2] = {problem(0, 3, 20), problem(1, 64, 1)};
  ptx_launch list[3] = {{"first", first, 1}, {"second", nullptr, 0}, {"third", third, 2}};
  ptx_launch_times times[3] = {};

  ptx_problem problem(uint32_t kernel, int64_t end, int64_t columns) {
    ptx_problem made = {};
    made.kernel = kernel, made.words = words, made.end = end, made.columns = columns;
    return made;
  }
};

inline ::testing::AssertionResult contains(const std::string &text, const std::string &part) {
  if (text.find(part) != std::string::npos)
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

} // namespace ptx

#endif // PTX_TEST_RUNTIME_CUDA_CUDATEST_H
