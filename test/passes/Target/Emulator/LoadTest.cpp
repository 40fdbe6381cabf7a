// What the emulator refuses before anything runs.
#include "test/passes/Target/Emulator/KernelRun.h"

#include <gtest/gtest.h>

using namespace ptx::emulator;
using namespace ptx::test;

namespace {

TEST(Load, NamesTheKernelsThereAre) {
  Code code = loadText(readKernel("vector_add.ll"));
  auto missing = code.find("vector_sub");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "emulator: no kernel 'vector_sub' among 'vector_add'");
}

TEST(Load, CountsParametersAndThreads) {
  Code code = loadText(readKernel("vector_add.ll"));
  Bench bench;
  expectContains(bench.run(code, "vector_add", {1, 2}, {1}, {32}), "2 parameters, expected 4");
  expectContains(bench.run(code, "vector_add", {1, 2, 3, 4}, {1}, {2048}), "2048 threads in a block");
  expectContains(bench.run(code, "vector_add", {1, 2, 3, 4}, {1}, {32}, 1 << 20), "bytes of shared memory, at most");
}

// The place is the kernel's source line, the address is told from the range.
TEST(Report, NamesPlaceThreadAndRange) {
  Code code = loadText(readKernel("vector_add.ll"));
  Bench bench;
  std::vector<float> ten(10, 1);
  uint64_t a = bench.input("a", ten), b = bench.input("b", ten), c = bench.output("c", 10);
  EXPECT_EQ(bench.run(code, "vector_add", {a, b, c, 11}, {2}, {8}),
            "kernel 'vector_add' (test) at vector_add.mlir:12: thread (2,0,0) of block (1,0,0): "
            "reads 4 bytes at 'a'+40 (of 40 bytes), out of bounds");
}

} // namespace
