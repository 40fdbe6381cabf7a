// Contractions and attention in f16 and bf16 against double, with operands
// rounded as the contract says: in both forms, over rows of f32 and of the type.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace ptx;
using namespace ptx::test;

namespace {
constexpr double eps = 1.2e-7;
const AttentionForm forms[] = {{2, false},  {8, true},     {33, false},     {34, true},     {64, false},    {80, false},
                               {130, true}, {8, true, 64}, {33, false, 64}, {64, true, 64}, {130, true, 64}};

std::string nameOf(DType element) { return element == DType::BF16 ? "bf16" : "f16"; }

GpuKernels makeKernels(const std::string &in) {
  std::string text;
  std::vector<std::string> names;
  for (const std::string &region : {"", "residual", "gelu"}) {
    text += contractKernel(names.emplace_back("contract_" + region), region, in);
    text += contractKernel(names.emplace_back("rows_" + region), region, in, "x y");
  }
  for (const AttentionForm &form : forms) {
    text += attentionKernel(names.emplace_back(form.name()), form, in);
    if (form.dim % 2 == 0)
      text += attentionKernel(names.emplace_back(form.name() + "_rows"), form, in, "q k v y");
  }
  text += mapKernel(names.emplace_back("map_rows"), "relu", in) + gatherKernel(names.emplace_back("gather"), 2, in) +
          appendKernel(names.emplace_back("append_y"), in, "y") +
          appendKernel(names.emplace_back("append_xy"), in, "x y");
  return GpuKernels(withEntries(text, names));
}

class Narrow : public testing::TestWithParam<DType> {
protected:
  static const GpuKernels &kernels() {
    static const GpuKernels f16 = makeKernels("f16"), bf16 = makeKernels("bf16");
    return GetParam() == DType::BF16 ? bf16 : f16;
  }
  static ContractProblem problem(int64_t m, int64_t n, int64_t k, int64_t rank) {
    return {m, n, k, rank, gpuGeometry(), GetParam()};
  }
};

/// As exact as sums in f32 are: much more than operands that are not rounded would be.
void expectContract(const ContractProblem &data) {
  for (int64_t i = 0; i < data.m; ++i)
    for (int64_t j = 0; j < data.n; ++j)
      ASSERT_NEAR(data.y[i * data.pitchY + j], data.reference(i, j),
                  2 * std::sqrt(data.k + data.rank + 4.0) * eps * data.magnitude(i, j))
          << data.m << " x " << data.n << " x " << data.k << " rank " << data.rank << " at " << i << "," << j;
  EXPECT_EQ(writtenOutside(data.y, data.m, data.n, data.pitchY), -1);
}

TEST_P(Narrow, ContractAtOddSizes) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same sizes every time
  std::mt19937 random(11);
  const int64_t depths[] = {1, 2, 3, 15, 16, 31, 32, 33, 64, 100}, ranks[] = {0, 1, 4, 17};
  uint64_t order = 0;
  for (int64_t m : {1, 7, 8, 9, 33, 64, 65})
    for (int64_t n : {1, 8, 15, 33, 64, 65}) {
      ContractProblem data = problem(m, n, depths[random() % std::size(depths)], ranks[random() % std::size(ranks)]);
      GpuLaunch launch(kernels(), order++ % 5);
      launch.add("contract_", data);
      ASSERT_EQ(launch.run(), "") << m << " x " << n << " x " << data.k << " rank " << data.rank;
      expectContract(data);
      if (HasFatalFailure())
        return;
    }
}

TEST_P(Narrow, DepthsAndRanks) {
  uint64_t order = 0;
  for (int64_t m : {7, 20})
    for (int64_t k : {1, 2, 16, 31, 32, 33, 63, 65, 130})
      for (int64_t rank : {0, 1, 16, 33}) {
        ContractProblem data = problem(m, 17, k, rank);
        GpuLaunch launch(kernels(), order++ % 5);
        launch.add("contract_", data);
        ASSERT_EQ(launch.run(), "");
        expectContract(data);
        if (HasFatalFailure())
          return;
      }
}

/// Rows of the type hold what is stored of rows of f32, rounded.
void expectRounded(const NarrowRows &narrow, const Floats &wide) {
  EXPECT_EQ(narrow.firstDifference(wide, gpuGeometry()), -1);
  EXPECT_TRUE(narrow.isGuarded());
}

TEST_P(Narrow, ContractRowsOfTheType) {
  for (const std::string &region : {"", "residual", "gelu"})
    for (int64_t m : {5, 70})
      for (auto [n, k, rank] : {std::array<int64_t, 3>{2, 2, 0}, {18, 34, 3}, {66, 100, 0}}) {
        ContractProblem data = problem(m, n, k, rank);
        NarrowRows x(GetParam(), data.x, m, k, gpuGeometry()), y(GetParam(), m, n, gpuGeometry());
        GpuLaunch wide(kernels(), 3), narrow(kernels(), 3);
        wide.add("contract_" + region, data, takesExtras(region));
        ASSERT_EQ(wide.run(), "") << region << m << " " << n;
        ContractProblem same = problem(m, n, k, rank);
        narrow.add("rows_" + region, same, takesExtras(region)).in("x", x).out("y", y);
        ASSERT_EQ(narrow.run(), "") << region << m << " " << n;
        expectRounded(y, data.y);
        if (HasFailure())
          return;
      }
}

TEST_P(Narrow, EveryOrderGivesTheSameBytes) {
  for (int64_t m : {8, 65}) {
    ContractProblem first = problem(m, 65, 33, 5);
    for (uint64_t seed = 0; seed < 7; ++seed) {
      ContractProblem data = problem(m, 65, 33, 5);
      GpuLaunch launch(kernels(), seed);
      launch.add("contract_residual", seed ? data : first, true);
      ASSERT_EQ(launch.run(), "");
      EXPECT_TRUE(seed == 0 || sameBytes(first.y, data.y)) << "order " << seed;
    }
  }
}

// A row's bytes in the form for many rows are its own.
TEST_P(Narrow, ARowIsTheSameAmongAnyNeighbours) {
  ContractProblem whole = problem(80, 40, 50, 5), cut = problem(80, 40, 50, 5);
  auto run = [](ContractProblem &data, int64_t begin, int64_t end) {
    GpuLaunch launch(kernels());
    launch.add("contract_gelu", data, begin, end, false);
    return launch.run();
  };
  ASSERT_EQ(run(whole, 0, 80), "");
  for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 9}, {9, 30}, {30, 45}, {45, 80}})
    ASSERT_EQ(run(cut, begin, end), "");
  EXPECT_TRUE(sameBytes(whole.y, cut.y));
}

// A weight of a key may round to either neighbour, where exp in f32 and in
// double lie on two sides of the middle, or where the maximum is not the last.
TEST_P(Narrow, Attention) {
  double unit = GetParam() == DType::BF16 ? 0x1p-8 : 0x1p-11;
  Geometry geometry = gpuGeometry();
  for (const AttentionForm &form : forms) {
    auto [dim, causal, chunk] = form;
    auto make = [&, dim = dim, causal = causal] {
      return AttentionProblem({3, 1, 17, 33, 5, 66}, {causal ? 3 : 0, 1, 32, 33, 40, 130}, 2, dim, geometry,
                              static_cast<int64_t>(geometry.blockRows));
    };
    AttentionProblem data = make();
    GpuLaunch launch(kernels(), 2);
    launch.add(form.name(), data);
    ASSERT_EQ(launch.run(), "") << dim << causal;
    if (dim % 2 == 0) {
      NarrowRows y(GetParam(), data.queryRows, data.width, geometry);
      auto copy = [&](const Floats &rows, int64_t count) {
        return NarrowRows(GetParam(), rows, count, data.width, geometry);
      };
      AttentionProblem same = make();
      GpuLaunch narrow(kernels(), 2);
      narrow.add(form.name() + "_rows", same)
          .in("q", copy(data.q, data.queryRows))
          .in("k", copy(data.k, data.keyRows))
          .in("v", copy(data.v, data.keyRows))
          .out("y", y);
      ASSERT_EQ(narrow.run(), "") << dim << causal;
      expectRounded(y, data.y);
    }
    double scale = 1 / std::sqrt(static_cast<double>(dim));
    int64_t row = 0;
    for (size_t s = 0; s < data.queryCounts.size(); ++s)
      for (int64_t i = 0; i < data.queryCounts[s]; ++i, ++row) {
        std::vector<double> expected = data.reference(s, i, causal, scale, GetParam());
        for (int64_t c = 0; c < data.width; ++c)
          ASSERT_NEAR(data.y[row * data.pitch + c], expected[c], 4e-6 + 4 * unit)
              << dim << " sequence " << s << " row " << i << " column " << c;
      }
    EXPECT_EQ(writtenOutside(data.y, data.queryRows, data.width, data.pitch), -1);
  }
}

// An infinite value of a later key does not reach earlier rows of a causal
// block, whose products it lies beside; the rows that see it are not finite.
TEST_P(Narrow, CausalRowsSeeTheirOwnKeysOnly) {
  Geometry geometry = gpuGeometry();
  for (const AttentionForm &form :
       {AttentionForm{8, true}, AttentionForm{130, true}, AttentionForm{8, true, 64}, AttentionForm{130, true, 64}}) {
    int64_t dim = form.dim, bad = form.chunk ? 67 : 37; // of a row
    auto make = [&] {
      return AttentionProblem({bad + 3}, {bad + 3}, 1, dim, geometry, static_cast<int64_t>(geometry.blockRows));
    };
    AttentionProblem clean = make(), spoilt = make();
    for (int64_t d = 0; d < dim; ++d)
      spoilt.v[bad * spoilt.pitch + d] = d % 2 ? INFINITY : NAN;
    for (AttentionProblem *data : {&clean, &spoilt}) {
      GpuLaunch launch(kernels(), 3);
      launch.add(form.name(), *data);
      ASSERT_EQ(launch.run(), "");
    }
    for (int64_t row = 0; row < bad + 3; ++row)
      for (int64_t d = 0; d < dim; ++d) {
        float found = spoilt.y[row * spoilt.pitch + d];
        if (row < bad)
          ASSERT_EQ(found, clean.y[row * clean.pitch + d]) << dim << " row " << row;
        else
          ASSERT_FALSE(std::isfinite(found)) << dim << " row " << row << " column " << d;
      }
  }
}

TEST_P(Narrow, MapStoresRowsOfTheType) {
  for (int64_t width : {2, 14, 34, 70}) {
    RowProblem data(5, width, gpuGeometry());
    NarrowRows y(GetParam(), 5, width, gpuGeometry());
    GpuLaunch launch(kernels(), 1);
    launch.add("map_rows", data).out("y", y);
    ASSERT_EQ(launch.run(), "");
    for (int64_t i = 0; i < data.x.size(); ++i)
      data.x[i] = std::max(data.x[i], 0.0f);
    expectRounded(y, data.x);
  }
}

// Rows of a table of the type, and of one of f32.
TEST_P(Narrow, GathersFromTables) {
  const std::vector<int32_t> first = {3, 0, 2, 2, 1}, second = {0, 1, 2, 3, 0};
  for (int64_t width : {2, 14, 34, 70}) {
    RowProblem data(5, width, gpuGeometry());
    Floats column(width);
    column.randomise(9);
    NarrowRows table(GetParam(), data.x, 4, width, gpuGeometry());
    GpuLaunch launch(kernels(), 2);
    launch.add("gather", 0, 5, 1)
        .in("table_0", table)
        .in("table_1", data.old, 5, width, data.pitch)
        .index("index_0", first)
        .index("index_1", second)
        .out("y", data.y, 0, 5, width, data.pitch)
        .count("width", width)
        .in("extra_0", column, width);
    ASSERT_EQ(launch.run(), "") << width;
    for (int64_t i = 0; i < 5; ++i)
      for (int64_t j = 0; j < width; ++j)
        ASSERT_EQ(data.y[i * data.pitch + j], table.at(first[i], j) + data.old[second[i] * data.pitch + j] + column[j]);
  }
}

// Into a cache of the type: rows of f32 are rounded, those of the type stay.
TEST_P(Narrow, AppendsAtCells) {
  const std::vector<int32_t> cells = {2, 0, 1};
  for (int64_t width : {2, 14, 34, 70}) {
    RowProblem data(3, width, gpuGeometry());
    NarrowRows x(GetParam(), data.x, 3, width, gpuGeometry());
    for (bool isNarrow : {false, true}) {
      NarrowRows y(GetParam(), data.old, 3, width, gpuGeometry());
      GpuLaunch launch(kernels(), 2);
      GpuProblem &problem = launch.add(isNarrow ? "append_xy" : "append_y", 0, 3, 1);
      (isNarrow ? problem.in("x", x) : problem.in("x", data.x, 3, width, data.pitch))
          .out("y", y)
          .count("width", width)
          .index("cells", cells);
      ASSERT_EQ(launch.run(), "") << width;
      for (size_t row = 0; row < cells.size(); ++row)
        for (int64_t j = 0; j < width; ++j)
          ASSERT_EQ(y.at(cells[row], j), x.at(static_cast<int64_t>(row), j)) << width;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Narrow, testing::Values(DType::F16, DType::BF16),
                         [](const auto &info) { return nameOf(info.param); });
} // namespace
