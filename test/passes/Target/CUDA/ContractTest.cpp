// Contractions against double at odd sizes, in both forms.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace ptx::test;

namespace {
constexpr double eps = 1.2e-7;
const std::vector<std::string> regions = {"", "bias", "residual", "relu", "gelu", "gelu_tanh", "silu", "tanh"};

const GpuKernels &kernels() {
  static const GpuKernels made([] {
    std::string text;
    std::vector<std::string> names;
    for (const std::string &region : regions)
      text += contractKernel(names.emplace_back("contract_" + region), region);
    return withEntries(text, names);
  }());
  return made;
}

std::string sizes(const ContractProblem &data) {
  return std::to_string(data.m) + " x " + std::to_string(data.n) + " x " + std::to_string(data.k) + " rank " +
         std::to_string(data.rank);
}

void expectContract(const ContractProblem &data, const std::string &region) {
  for (int64_t i = 0; i < data.m; ++i)
    for (int64_t j = 0; j < data.n; ++j) {
      double expected = applyRegion(region, data.reference(i, j), data.bias[j], data.old[i * data.pitchY + j]);
      double bound = 2 * std::sqrt(data.k + data.rank + 4.0) * eps * (data.magnitude(i, j) + 2);
      ASSERT_NEAR(data.y[i * data.pitchY + j], expected, bound)
          << region << " " << sizes(data) << " at " << i << "," << j;
    }
  EXPECT_EQ(writtenOutside(data.y, data.m, data.n, data.pitchY), -1) << sizes(data);
}

void check(const std::string &region, int64_t m, int64_t n, int64_t k, int64_t rank, uint64_t seed) {
  ContractProblem data(m, n, k, rank, gpuGeometry());
  GpuLaunch launch(kernels(), seed);
  launch.add("contract_" + region, data, takesExtras(region));
  ASSERT_EQ(launch.run(), "") << sizes(data) << ", order " << seed;
  expectContract(data, region);
}

const int64_t rowCounts[] = {1, 2, 7, 8, 9, 63, 64, 65, 130}, widths[] = {1, 3, 15, 16, 17, 63, 64, 65, 100},
              depths[] = {1, 3, 15, 16, 17, 31, 33, 64, 100}, ranks[] = {0, 1, 5, 16, 17};

// Every number of rows meets every width; depth and rank are drawn.
TEST(Contract, RowsAndWidths) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same sizes every time
  std::mt19937 random(11);
  uint64_t order = 0;
  for (int64_t m : rowCounts)
    for (int64_t n : widths) {
      check("", m, n, depths[random() % std::size(depths)], ranks[random() % std::size(ranks)], order++ % 5);
      if (HasFatalFailure())
        return;
    }
}

// Every depth meets every rank, in the form for few rows and in the other.
TEST(Contract, DepthsAndRanks) {
  uint64_t order = 0;
  for (int64_t m : {7, 10})
    for (int64_t k : depths)
      for (int64_t rank : ranks) {
        check("", m, 17, k, rank, order++ % 5);
        if (HasFatalFailure())
          return;
      }
}

// Each region in both forms, with and without a low-rank part.
TEST(Contract, Regions) {
  for (const std::string &region : regions)
    for (int64_t m : {5, 67})
      for (int64_t rank : {0, 5}) {
        check(region, m, 21, 18, rank, 4);
        if (HasFatalFailure())
          return;
      }
}

// The order of threads and blocks does not reach the result.
TEST(Contract, EveryOrderGivesTheSameBytes) {
  for (int64_t m : {8, 65}) {
    ContractProblem first(m, 65, 33, 5, gpuGeometry());
    for (uint64_t seed = 0; seed < 7; ++seed) {
      ContractProblem data(m, 65, 33, 5, gpuGeometry());
      GpuLaunch launch(kernels(), seed);
      launch.add("contract_residual", seed ? data : first, true);
      ASSERT_EQ(launch.run(), "");
      EXPECT_TRUE(seed == 0 || sameBytes(first.y, data.y)) << "order " << seed;
    }
  }
}

// Within a form, a row's bytes are its own: alone, or among any neighbours.
TEST(Contract, ARowIsTheSameAmongAnyNeighbours) {
  auto run = [](ContractProblem &data, int64_t begin, int64_t end) {
    GpuLaunch launch(kernels());
    launch.add("contract_gelu", data, begin, end, false);
    return launch.run();
  };
  ContractProblem few(8, 40, 50, 5, gpuGeometry()), many(80, 40, 50, 5, gpuGeometry());
  ASSERT_EQ(run(few, 0, 8), "");
  ASSERT_EQ(run(many, 0, 80), "");
  ContractProblem alone(8, 40, 50, 5, gpuGeometry()), cut(80, 40, 50, 5, gpuGeometry());
  for (int64_t row = 0; row < 8; ++row) {
    ASSERT_EQ(run(alone, row, row + 1), "");
  }
  EXPECT_TRUE(sameBytes(few.y, alone.y));
  // Parts of nine rows or more stay in the form for many rows.
  for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 9}, {9, 30}, {30, 45}, {45, 80}})
    ASSERT_EQ(run(cut, begin, end), "");
  EXPECT_TRUE(sameBytes(many.y, cut.y));
}
} // namespace
