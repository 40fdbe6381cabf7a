// Folds against double, and against the bytes of the CPU's order of sums.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>

using namespace ptx::test;

namespace {

const GpuKernels &kernels() {
  static const GpuKernels made([] {
    std::string text;
    std::vector<std::string> names;
    for (bool isTable : {false, true})
      for (bool isScaled : {false, true}) {
        text += foldKernel(isTable, isScaled);
        names.push_back(foldName(isTable, isScaled));
      }
    return withEntries(text, names);
  }());
  return made;
}

TEST(Fold, BothLayoutsAtOddSizes) {
  const ptx::Geometry geometry = gpuGeometry();
  for (bool isTable : {false, true})
    for (bool isScaled : {false, true})
      for (auto [k, n, rank] : {std::array<int64_t, 3>{1, 1, 1}, {5, 16, 4}, {37, 17, 3}, {20, 300, 16}}) {
        FoldProblem data(k, n, rank, isTable, geometry);
        GpuLaunch launch(kernels(), static_cast<uint64_t>(k));
        int64_t outer = isTable ? k : n, inner = isTable ? n : k;
        GpuProblem &problem = launch.add(foldName(isTable, isScaled), 0, k, n);
        problem.in("a", data.a, k, rank, data.pitchA)
            .in("b", data.b, data.b.size())
            .count("rank", rank)
            .in("base", data.base, outer, inner, data.pitchY)
            .out("y", data.y, 0, outer, inner, data.pitchY)
            .count("y_pitch", data.pitchY)
            .count("rows", k)
            .count("width", n);
        if (isScaled)
          problem.in("extra_0", data.gain, n);
        ASSERT_EQ(launch.run(), "");
        std::vector<float> values = data.result(geometry);
        for (size_t i = 0; i < values.size(); ++i) {
          ASSERT_NEAR(values[i], data.reference(static_cast<int64_t>(i), isScaled), 4e-6)
              << foldName(isTable, isScaled) << " " << k << " x " << n << " at " << i;
          // r ascending from -0.0, one fused multiply-add each, as on the CPU.
          int64_t at = static_cast<int64_t>(i), m = isTable ? at / n : at % k, column = isTable ? at % n : at / k;
          float sum = -0.0f;
          for (int64_t r = 0; r < rank; ++r)
            sum = std::fma(data.a[m * data.pitchA + r], data.plainB[column * rank + r], sum);
          float merged = data.plainBase[i] + sum;
          ASSERT_EQ(values[i], isScaled ? merged * data.gain[column] : merged);
        }
      }
}

} // namespace
