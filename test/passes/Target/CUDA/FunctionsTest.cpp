// The functions of regions are our own: the same bytes as on the CPU. The main
// here is also the worker that makes the CPU's kernels.
#include "test/passes/Target/CPU/KernelHarness.h"
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace ptx;
using namespace ptx::test;

namespace {

// Each function over the range in which it varies, and at its edges.
TEST(Functions, GiveTheBytesOfTheCpu) {
  if (!cpu::hostRuns(cpu::Level::Avx2))
    GTEST_SKIP() << "this processor has no AVX2";
  const std::vector<std::string> functions = {"exp", "tanh", "erf", "silu", "gelu", "gelu_tanh", "leaky"};
  std::string text;
  for (const std::string &function : functions)
    text += mapKernel(function, function);
  Library onCpu(text, cpu::Level::Avx2);
  GpuKernels onGpu(withEntries(text, functions));
  const float edges[] = {INFINITY, -INFINITY, 0.0f, -0.0f, 200, -200, 89, -104, 1e-40f, -1e-40f, 88.5f, -87.5f};
  constexpr int64_t rows = 32, width = 512; // a pitch of its own on each
  for (const std::string &function : functions) {
    RowData cpuData(rows, width);
    RowProblem gpuData(rows, width, gpuGeometry());
    for (int64_t i = 0; i < rows * width; ++i) {
      float x = i < static_cast<int64_t>(std::size(edges)) ? edges[i] : -100 + 200.0f * i / (rows * width);
      cpuData.x[i / width * cpuData.pitch + i % width] = gpuData.x[i / width * gpuData.pitch + i % width] = x;
    }
    cpuData.run(onCpu.kernel(function), 0, rows);
    GpuLaunch launch(onGpu);
    launch.add(function, gpuData);
    ASSERT_EQ(launch.run(), "");
    for (int64_t i = 0; i < rows * width; ++i) {
      float a = cpuData.y[i / width * cpuData.pitch + i % width], b = gpuData.y[i / width * gpuData.pitch + i % width];
      ASSERT_TRUE((std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0)
          << function << " of " << gpuData.x[i / width * gpuData.pitch + i % width] << ": " << a << " and " << b;
    }
  }
}
} // namespace

int main(int argc, char **argv) {
  registerAllTargets();
  if (isCodegenWorker(argc, argv))
    return codegenWorkerMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
