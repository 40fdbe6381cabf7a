// Kernels without a fault: right results under every schedule, and no report.
#include "runtime/io/convert.h"
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

TEST(Run, BlockSumThroughSharedMemory) {
  Code code = loadText(readKernel("block_sum.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t in = bench.input("in", ascending(256)), out = bench.output("out", 2);
    EXPECT_EQ(bench.run(code, "block_sum", {in, out}, {2}, {128}), "");
    EXPECT_EQ(bench.values(out, 2), (std::vector<float>{8128, 24512}));
  }
}

TEST(Run, WarpSumByShuffles) {
  Code code = loadText(readKernel("warp_sum.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t in = bench.input("in", ascending(64, -3)), out = bench.output("out", 10);
    EXPECT_EQ(bench.run(code, "warp_sum", {in, out}, {1}, {64}), "");
    EXPECT_EQ(bench.values(out, 2), (std::vector<float>{400, 1424}));
    EXPECT_EQ(bench.values(out + 32, 2), (std::vector<float>{7, 0}));
  }
}

// 19 x 37 needs guards on every side of the grid.
TEST(Run, TiledTranspose) {
  Code code = loadText(readKernel("transpose.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t in = bench.input("in", ascending(19 * 37)), out = bench.output("out", 19 * 37);
    EXPECT_EQ(bench.run(code, "transpose", {in, out, 19, 37}, {3, 2}, {16, 16}), "");
    std::vector<float> turned = bench.values(out, 19 * 37);
    for (int y = 0; y < 19; ++y)
      for (int x = 0; x < 37; ++x)
        ASSERT_EQ(turned[x * 19 + y], y * 37 + x);
  }
}

TEST(Run, DoubleBufferedCopies) {
  Code code = loadText(readKernel("pipeline.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t in = bench.input("in", ascending(5 * 64)), out = bench.output("out", 64);
    EXPECT_EQ(bench.run(code, "pipeline", {in, out, 5}, {1}, {64}), "");
    std::vector<float> sums = bench.values(out, 64);
    for (int t = 0; t < 64; ++t)
      ASSERT_EQ(sums[t], 5 * (t ^ 1) + 64 * 10);
  }
}

// Every operand of a tensor core's product comes from the lane that has it; f16 keeps
// ten bits behind the point of i + k / 16, bf16 rounds to seven.
TEST(Run, TensorCores) {
  Code code = loadText(readKernel("mma.ll"));
  for (uint64_t seed : allSeeds())
    for (bool isBf16 : {false, true}) {
      Bench bench({.seed = seed});
      uint64_t out = bench.output("out", 128);
      EXPECT_EQ(bench.run(code, isBf16 ? "mma_bf16" : "mma_f16", {out, 32}, {1}, {32}), "");
      std::vector<float> d = bench.values(out, 128);
      auto a = [&](int i, int k) {
        float x = static_cast<float>(i) + static_cast<float>(k) / 16;
        return isBf16 ? ptx::widenBF16(ptx::narrowBF16(x)) : x;
      };
      for (int i = 0; i < 16; ++i)
        for (int j = 0; j < 8; ++j)
          ASSERT_EQ(d[i * 8 + j], a(i, j) - 2 * a(i, j + 8) + 100 * j) << i << "," << j << isBf16;
    }
}

// Segments of 16 lanes: values stay inside theirs.
TEST(Run, ShufflesInSegments) {
  Code code = loadText(readKernel("segments.ll"));
  for (uint64_t seed : allSeeds()) {
    Bench bench({.seed = seed});
    uint64_t out = bench.output("out", 96);
    EXPECT_EQ(bench.run(code, "segments", {out}, {1}, {32}), "");
    std::vector<float> got = bench.values(out, 96);
    for (int lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(got[lane], lane % 16 == 0 ? lane : lane - 1);
      EXPECT_EQ(got[32 + lane], lane % 16 == 15 ? lane : lane + 1);
      EXPECT_EQ(got[64 + lane], (lane & 16) + 3);
    }
  }
}

// A kernel is found in its own object, whatever the process calls by that name.
TEST(Run, KernelsNamedLikeFunctionsOfTheProcess) {
  Code code = loadText(edited(readKernel("vector_add.ll"), "@vector_add(", "@exp2("));
  Bench bench;
  uint64_t a = bench.input("a", ascending(4)), c = bench.output("c", 4);
  EXPECT_EQ(bench.run(code, "exp2", {a, a, c, 4}, {1}, {4}), "");
  EXPECT_EQ(bench.values(c, 4), (std::vector<float>{0, 2, 4, 6}));
}

// Approximations are exact here; .ftz flushes; nothing is contracted.
TEST(Run, Arithmetic) {
  Code code = loadText(readKernel("math.ll"));
  Bench bench;
  std::vector<float> x = {0.7f, -130.0f, 3.1f, 1.0000001f};
  uint64_t in = bench.input("in", x), out = bench.output("out", x.size() * 8);
  EXPECT_EQ(bench.run(code, "math", {in, out}, {1}, {4}), "");
  std::vector<float> got = bench.values(out, x.size() * 8);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(got[i * 8], std::exp2(x[i]));
    EXPECT_EQ(got[i * 8 + 1], x[i] < -126 ? 0.0f : std::exp2(x[i]));
    EXPECT_EQ(got[i * 8 + 4], 1 / x[i]);
    EXPECT_EQ(got[i * 8 + 6], std::tanh(x[i]));
    volatile float square = x[i] * x[i];
    EXPECT_EQ(got[i * 8 + 7], square + x[i]);
    if (x[i] < 0)
      continue;
    EXPECT_EQ(got[i * 8 + 2], std::log2(x[i]));
    EXPECT_EQ(got[i * 8 + 3], static_cast<float>(1 / std::sqrt(double{x[i]})));
    EXPECT_EQ(got[i * 8 + 5], std::sqrt(x[i]));
  }
}

// Equal inputs give equal bytes.
TEST(Compile, IsReproducible) {
  auto one = compileText(readKernel("transpose.ll")), two = compileText(readKernel("transpose.ll"));
  ASSERT_TRUE(bool(one) && bool(two));
  EXPECT_EQ(*one, *two);
}

// A word of the error names what is not known, and the kernel.
TEST(Compile, RefusesWhatHasNoMeaning) {
  auto failure = [](const std::string &declaration, const std::string &body) {
    auto made = compileText("target triple = \"nvptx64-nvidia-cuda\"\n" + declaration +
                            "\ndefine ptx_kernel void @k(ptr addrspace(1) %p) {\n" + body + "\n  ret void\n}\n");
    return made ? "" : llvm::toString(made.takeError());
  };
  expectContains(failure("declare void @llvm.nvvm.griddepcontrol.wait()", "call void @llvm.nvvm.griddepcontrol.wait()"),
                 "kernel 'k': the emulator does not know 'llvm.nvvm.griddepcontrol.wait'");
  expectContains(failure("", "call void asm sideeffect \"bar.sync 0;\", \"\"()"),
                 "kernel 'k': inline assembly 'bar.sync 0;'");
  expectContains(failure("declare float @__nv_expf(float)",
                         "%x = load float, ptr addrspace(1) %p\n%y = call float @__nv_expf(float %x)\n"
                         "store float %y, ptr addrspace(1) %p"),
                 "kernel 'k': '__nv_expf' is not defined");
}

} // namespace
