// Row norms, maps, gathers and means against double.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace ptx::test;

namespace {
const std::vector<std::string> regions = {"", "bias", "residual", "relu", "leaky", "gelu", "gelu_tanh", "silu", "tanh"};
const int64_t widths[] = {1, 2, 31, 32, 33, 100, 768};

const GpuKernels &kernels() {
  static const GpuKernels made([] {
    std::string text;
    std::vector<std::string> names;
    for (const std::string &region : regions)
      text += mapKernel(names.emplace_back("map_" + region), region);
    for (int norm : {0, 1, 2}) {
      text += normKernel(names.emplace_back("norm_" + std::to_string(norm)), norm, 1e-5);
      text += normKernel(names.emplace_back("norm_residual_" + std::to_string(norm)), norm, 1e-5, "residual");
    }
    for (int tables : {1, 2, 3})
      text += gatherKernel(names.emplace_back("gather_" + std::to_string(tables)), tables);
    text += appendKernel(names.emplace_back("append")) + greatestKernel(names.emplace_back("greatest"));
    for (int kind = 0; kind < poolKinds; ++kind)
      text += poolKernel(names.emplace_back("pool_" + std::to_string(kind)), kind);
    return withEntries(text, names);
  }());
  return made;
}

std::string run(const std::string &kernel, RowProblem &data, bool extras, uint64_t seed = 0) {
  GpuLaunch launch(kernels(), seed);
  launch.add(kernel, data, extras);
  return launch.run();
}

// Every width, a constant row among them.
TEST(RowWise, Norms) {
  uint64_t order = 0;
  for (int norm : {0, 1, 2})
    for (const char *region : {"", "residual"})
      for (int64_t width : widths) {
        RowProblem data(5, width, gpuGeometry());
        for (int64_t j = 0; j < width; ++j)
          data.x[3 * data.pitch + j] = 0;
        std::string name = std::string("norm_") + (*region ? "residual_" : "") + std::to_string(norm);
        ASSERT_EQ(run(name, data, *region, order++ % 5), "") << name << " width " << width;
        for (int64_t i = 0; i < 5; ++i)
          for (int64_t j = 0; j < width; ++j) {
            int64_t at = i * data.pitch + j;
            double expected = applyRegion(region, data.normalised(norm, 1e-5, i, j), data.column[j], data.old[at]);
            ASSERT_NEAR(data.y[at], expected, 3e-6 * (1 + std::fabs(expected))) << name << " width " << width;
          }
        EXPECT_EQ(writtenOutside(data.y, 5, width, data.pitch), -1);
      }
}

// Every region, fewer rows than a block has warps and more.
TEST(RowWise, Maps) {
  uint64_t order = 0;
  for (const std::string &region : regions)
    for (int64_t rows : {1, 4, 7})
      for (int64_t width : {1, 33, 100}) {
        RowProblem data(rows, width, gpuGeometry());
        ASSERT_EQ(run("map_" + region, data, takesExtras(region), order++ % 5), "") << region;
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < width; ++j) {
            int64_t at = i * data.pitch + j;
            double expected = applyRegion(region, data.x[at], data.column[j], data.old[at]);
            ASSERT_NEAR(data.y[at], expected, 6e-7 * (1 + std::fabs(expected))) << region;
          }
        EXPECT_EQ(writtenOutside(data.y, rows, width, data.pitch), -1);
      }
}

// Rows of one to three tables, and an element per column.
TEST(RowWise, Gathers) {
  constexpr int64_t rows = 9;
  const int64_t sizes[] = {7, 3, 1};
  for (int64_t width : widths)
    for (int tables : {1, 2, 3}) {
      auto pitch = static_cast<int64_t>(gpuGeometry().pitch(width));
      std::vector<Floats> table;
      std::vector<std::vector<int32_t>> index(3);
      Floats y((rows + 1) * pitch, guard), column(width);
      column.randomise(9);
      GpuLaunch launch(kernels(), width % 5);
      GpuProblem &problem = launch.add("gather_" + std::to_string(tables), 0, rows, 1);
      problem.out("y", y, 0, rows, width, pitch).count("width", width).in("extra_0", column, width);
      for (int t = 0; t < tables; ++t) {
        table.emplace_back(sizes[t] * pitch).randomise(t + 1);
        for (int64_t i = 0; i < table[t].size(); ++i)
          if (i % pitch >= width)
            table[t][i] = NAN;
        for (int64_t i = 0; i < rows; ++i)
          index[t].push_back(static_cast<int32_t>((i * 5 + 6) % sizes[t]));
        problem.in("table_" + std::to_string(t), table[t], sizes[t], width, pitch);
        problem.index("index_" + std::to_string(t), index[t]);
      }
      ASSERT_EQ(launch.run(), "") << width;
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < width; ++j) {
          float sum = table[0][index[0][i] * pitch + j];
          for (int t = 1; t < tables; ++t)
            sum += table[t][index[t][i] * pitch + j];
          ASSERT_EQ(y[i * pitch + j], sum + column[j]) << width;
        }
      EXPECT_EQ(writtenOutside(y, rows, width, pitch), -1);
    }
}

// Rows go where their cells are.
TEST(RowWise, Appends) {
  const std::vector<int32_t> cells = {3, 0, 2, 1};
  for (int64_t width : widths) {
    auto pitch = static_cast<int64_t>(gpuGeometry().pitch(width));
    Floats x(4 * pitch), y(4 * pitch, guard);
    x.randomise(1);
    GpuLaunch launch(kernels(), width % 5);
    launch.add("append", 0, 4, 1)
        .in("x", x, 4, width, pitch)
        .out("y", y, 0, 4, width, pitch)
        .count("width", width)
        .index("cells", cells);
    ASSERT_EQ(launch.run(), "") << width;
    for (size_t row = 0; row < cells.size(); ++row)
      for (int64_t j = 0; j < width; ++j)
        ASSERT_EQ(y[cells[row] * pitch + j], x[static_cast<int64_t>(row) * pitch + j]) << width;
  }
}

// Fewer columns than a block has threads, than a warp has, and more.
TEST(RowWise, Greatest) {
  for (int64_t width : {1, 2, 31, 33, 100, 128, 129, 1000}) {
    GreatestProblem data(width, gpuGeometry());
    GpuLaunch launch(kernels(), width % 5);
    launch.add("greatest", 0, data.rows, 1)
        .in("x", data.x, data.rows, width, data.pitch)
        .out("y", data.y, 0, data.rows, 1, data.pitchY)
        .count("width", width);
    ASSERT_EQ(launch.run(), "") << width;
    for (int64_t row = 0; row < data.rows; ++row)
      ASSERT_EQ(data.number(row), data.expected(row)) << "width " << width << " row " << row;
    EXPECT_EQ(writtenOutside(data.y, data.rows, 1, data.pitchY), -1);
  }
}

// Sequences without a key give zeros, wherever they lie.
TEST(RowWise, Pools) {
  const std::vector<int32_t> begin = {0, 0, 7, 7, 12}, keys = {0, 6, 0, 5, 0},
                             position = {0, 2, 3, 4, 8, 9, 0, 0, 1, 2, 3, 5};
  for (int kind = 0; kind < poolKinds; ++kind)
    for (int64_t width : widths) {
      RowProblem data(12, width, gpuGeometry());
      Floats y(6 * data.pitch, guard);
      GpuLaunch launch(kernels(), width % 5);
      launch.add("pool_" + std::to_string(kind), 0, 5, 1)
          .in("x", data.x, 12, width, data.pitch)
          .out("y", y, 0, 5, width, data.pitch)
          .count("width", width)
          .index("begin", begin)
          .index("keys", keys)
          .index("position", position);
      ASSERT_EQ(launch.run(), "");
      for (int64_t s = 0; s < 5; ++s)
        for (int64_t j = 0; j < width; ++j) {
          std::vector<float> column;
          for (int64_t i = begin[s]; i < begin[s] + keys[s]; ++i)
            column.push_back(data.x[i * data.pitch + j]);
          std::vector<int32_t> places(position.begin() + begin[s], position.begin() + begin[s] + keys[s]);
          ASSERT_NEAR(y[s * data.pitch + j], pooled(kind, column, places), 1e-6) << kind;
        }
      EXPECT_EQ(writtenOutside(y, 5, width, data.pitch), -1);
    }
}

// The order of threads and blocks does not reach the result, nor do neighbours.
TEST(RowWise, EveryOrderAndEveryCutGiveTheSameBytes) {
  for (const char *kernel : {"norm_residual_0", "norm_residual_1", "norm_residual_2", "map_residual"}) {
    RowProblem first(6, 100, gpuGeometry()), cut(6, 100, gpuGeometry());
    for (uint64_t seed = 0; seed < 7; ++seed) {
      RowProblem data(6, 100, gpuGeometry());
      ASSERT_EQ(run(kernel, seed ? data : first, true, seed), "");
      EXPECT_TRUE(seed == 0 || sameBytes(first.y, data.y)) << kernel << " order " << seed;
    }
    for (int64_t row = 0; row < 6; ++row) {
      GpuLaunch launch(kernels());
      launch.add(kernel, cut, row, row + 1, true);
      ASSERT_EQ(launch.run(), "");
    }
    EXPECT_TRUE(sameBytes(first.y, cut.y)) << kernel;
  }
}
} // namespace
