// Kernels without a fault: right results under every schedule, and no report.
#include "test/passes/Target/Emulator/KernelRun.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace ptx::emulator;
using namespace ptx::test;

namespace {

std::vector<float> ascending(size_t count, float from = 0) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), from);
  return values;
}

// An odd size: the last block runs past the end, and its guard holds it back.
TEST(Run, VectorAdd) {
  Code code = loadText(readKernel("vector_add.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t a = bench.input("a", ascending(300)), b = bench.input("b", ascending(300, 1)), c = bench.output("c", 300);
    EXPECT_EQ(bench.run(code, "vector_add", {a, b, c, 300}, {3}, {128}), "");
    std::vector<float> sums = bench.values(c, 300);
    for (int i = 0; i < 300; ++i)
      EXPECT_EQ(sums[i], 2 * i + 1);
  }
}

} // namespace
