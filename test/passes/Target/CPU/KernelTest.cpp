// Kernels of both levels against double, at odd sizes; equal bytes whatever the
// split and whatever the level. A level this processor lacks is compiled
// and loaded only (CodegenTest.cpp).
#include "test/passes/Target/CPU/KernelChecks.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <map>

using namespace ptx::cpu;
using namespace ptx::test;

namespace {
const char *const regions[] = {"", "bias", "residual", "relu", "leaky", "tanh", "silu", "gelu", "gelu_tanh"};
constexpr double eps = 1.2e-7;

std::string allKernels() {
  std::string text;
  for (const char *region : regions) {
    text += contractKernel(std::string("contract_") + region, region);
    text += mapKernel(std::string("map_") + region, region);
  }
  text += mapKernel("map_exp", "exp") + mapKernel("map_erf", "erf");
  for (const AttentionForm &form : attentionForms)
    text += attentionKernel(form.name(), form) + (form.chunk ? attentionChunkKernel("chunk_" + form.name(), form) +
                                                                   attentionJoinKernel("join_" + form.name(), form)
                                                             : "");
  for (int norm : {0, 1, 2}) {
    text += normKernel("norm_" + std::to_string(norm), norm, 1e-5);
    text += normKernel("norm_residual_" + std::to_string(norm), norm, 1e-5, "residual");
  }
  for (int kind = 0; kind < poolKinds; ++kind)
    text += poolKernel("pool_" + std::to_string(kind), kind);
  for (const FoldForm &form : foldForms())
    text += form.kernel();
  return text + gatherKernel("gather", 2) + appendKernel("append") + greatestKernel("greatest");
}

// Every test runs for every level this processor has.
std::vector<Level> hostLevels() {
  std::vector<Level> levels;
  for (const LevelInfo &level : allLevels())
    if (hostRuns(level.level))
      levels.push_back(level.level);
  return levels;
}

Library &library(Level level) {
  static std::map<Level, std::unique_ptr<Library>> made;
  auto &one = made[level];
  if (!one)
    one = std::make_unique<Library>(allKernels(), level);
  return *one;
}

KernelFunction find(Level level, const std::string &name) { return library(level).kernel(name); }

void expectContract(const ContractData &data, const std::string &region) {
  for (int64_t i = 0; i < data.m; ++i)
    for (int64_t j = 0; j < data.n; ++j) {
      double old = data.old[i * data.pitchY + j];
      double expected = applyRegion(region, data.reference(i, j), data.bias[j], old);
      double bound = 2 * std::sqrt(data.k + data.rank + 4.0) * eps * (data.magnitude(i, j) + 2);
      ASSERT_NEAR(data.y[i * data.pitchY + j], expected, bound)
          << region << " m " << data.m << " n " << data.n << " k " << data.k << " rank " << data.rank << " at " << i
          << "," << j;
    }
  expectGuarded(data.y, data.m, data.n, data.pitchY);
}

class Kernels : public testing::TestWithParam<Level> {};

// Every number of rows meets every kind of column and depth remainder.
TEST_P(Kernels, ContractAtOddSizes) {
  auto kernel = find(GetParam(), "contract_");
  for (int64_t m = 1; m <= 37; ++m)
    for (int64_t n : {1, 15, 16, 17, 40, 70, 100})
      for (int64_t k : {1, 2, 16, 33, 200})
        for (int64_t rank : {0, 4, 17}) {
          ContractData data(m, n, k, rank);
          data.run(kernel, 0, m, 0, (n + 15) / 16);
          expectContract(data, "");
          if (HasFatalFailure())
            return;
        }
}

// More rows than one chunk of packed rows, and a depth no chunk can hold.
TEST_P(Kernels, ContractInChunks) {
  auto kernel = find(GetParam(), "contract_bias");
  for (auto [m, n, k] : {std::array<int64_t, 3>{300, 20, 1000}, {5, 3, 60000}, {3, 18, 120000}}) {
    ContractData data(m, n, k, 5), parts(m, n, k, 5);
    data.run(kernel, 0, m, 0, (n + 15) / 16);
    expectContract(data, "bias");
    for (int64_t r = 0; r < m; ++r)
      parts.run(kernel, r, r + 1, 0, (n + 15) / 16);
    ASSERT_TRUE(sameBytes(data.y, parts.y));
  }
}

// Where few rows wait for memory, runs of tiles whose panels lie apart: whole ones, one tile more, and what is left.
TEST_P(Kernels, ContractOfFewRows) {
  auto kernel = find(GetParam(), "contract_bias");
  for (int64_t m : {1, 4, 5, 6})
    for (int64_t more : {0, 1}) {
      int64_t n = (64 / m + more) * 64 + 21;
      ContractData data(m, n, 3, m % 2 * 2);
      data.run(kernel, 0, m, 0, (n + 15) / 16);
      ASSERT_NO_FATAL_FAILURE(expectContract(data, "bias"));
    }
}

TEST_P(Kernels, ContractRegions) {
  for (const char *region : regions) {
    ContractData data(13, 37, 50, 0);
    data.run(find(GetParam(), std::string("contract_") + region), 0, 13, 0, 3);
    expectContract(data, region);
  }
}

TEST_P(Kernels, ContractBytesDoNotDependOnTheCut) {
  expectContractCuts(find(GetParam(), "contract_gelu"), ptx::DType::F32, 60, 4);
}

void expectAttention(const AttentionData &data, bool causal) {
  double scale = 1 / std::sqrt(static_cast<double>(data.headDim));
  int64_t row = 0;
  for (size_t s = 0; s < data.queryCounts.size(); ++s)
    for (int64_t i = 0; i < data.queryCounts[s]; ++i, ++row) {
      std::vector<double> expected = data.reference(s, i, causal, scale);
      for (int64_t column = 0; column < data.width; ++column) {
        ASSERT_NEAR(data.y[row * data.pitch + column], expected[column], 4e-6)
            << "dim " << data.headDim << " sequence " << s << " row " << i << " column " << column;
        if (data.keyCounts[s] == 0)
          ASSERT_EQ(data.y[row * data.pitch + column], 0);
      }
    }
  expectGuarded(data.y, data.queryRows, data.width, data.pitch);
}

// Sequences of unlike lengths in one call; pads of every row are NaN.
TEST_P(Kernels, AttentionAtOddSizes) {
  for (const AttentionForm &form : attentionForms) {
    std::vector<int64_t> keys = {0, 1, 15, 16, 17, 70, 33, 64, 200}, queries = {3, 1, 12, 16, 70, 130, 7, 2, 65};
    if (form.causal)
      queries = {3, 1, 15, 16, 17, 70, 140, 64, 200};
    AttentionData data(queries, keys, 3, form.dim), manyHeads({1, 3, 4}, {70, 33, 200}, 19, form.dim);
    for (AttentionData *some : {&data, &manyHeads}) {
      some->run(find(GetParam(), form.name()));
      expectAttention(*some, form.causal);
    }
  }
}

// Whoever computes the chunks of a sequence: the bytes are those of one who computes them all.
TEST_P(Kernels, JoinedChunksGiveTheBytesOfTheWhole) {
  for (const AttentionForm &form : attentionForms) {
    if (!form.chunk || form.causal) // which is the same of one query
      continue;
    AttentionData whole({1, 1, 1, 1}, {200, 64, 3, 65}, 19, form.dim),
        parts({1, 1, 1, 1}, {200, 64, 3, 65}, 19, form.dim);
    whole.run(find(GetParam(), form.name()));
    ChunkProblem chunks(parts, form.chunk, cpuGeometry());
    std::array<uint64_t, 11> own = parts.args();
    auto address = [](const auto &list) { return reinterpret_cast<uint64_t>(list.data()); };
    auto states = static_cast<uint64_t>(chunks.width), pitch = static_cast<uint64_t>(chunks.pitch);
    uint64_t of[] = {
        own[0], own[1], own[2], own[3], own[4], own[5], address(chunks.states), pitch, states, address(chunks.chunks),
        own[9], own[10]};
    for (int64_t chunk = chunks.count() - 1; chunk >= 0; --chunk)
      for (int64_t head : {17, 0})
        find(GetParam(), "chunk_" + form.name())(of, chunk, chunk + 1, head, head ? 19 : 17, scratchMemory().data());
    expectGuarded(chunks.states, chunks.count(), chunks.width, chunks.pitch);
    uint64_t join[] = {address(chunks.states), pitch, own[6], own[7], states, address(chunks.begin)};
    find(GetParam(), "join_" + form.name())(join, 0, 4, 0, 19, scratchMemory().data());
    EXPECT_TRUE(sameBytes(whole.y, parts.y)) << form.name();
  }
}

// Keys of a chunk whose scores are all -infinity have no weight beside others, whoever computes them.
TEST_P(Kernels, AChunkOfNoWeightIsNone) {
  auto make = [](int64_t blockRows) {
    AttentionData data({6}, {200}, 2, 64, blockRows);
    for (int64_t i = 0; i < 6 * data.pitch; ++i)
      data.q[i] = 1 + std::fabs(data.q[i]);
    for (int64_t key = 64; key < 128; ++key)
      std::fill(&data.k[key * data.pitch], &data.k[key * data.pitch] + data.width, -3e38f);
    return data;
  };
  AttentionData many = make(64), few = make(1);
  for (AttentionData *data : {&many, &few})
    data->run(find(GetParam(), AttentionForm{64, false, 64}.name()));
  EXPECT_TRUE(sameBytes(many.y, few.y));
  for (int64_t row = 0; row < 6; ++row)
    for (int64_t column = 0; column < many.width; ++column)
      ASSERT_TRUE(std::isfinite(many.y[row * many.pitch + column])) << row << " " << column;
}

TEST_P(Kernels, AttentionBytesDoNotDependOnTheCut) {
  expectAttentionCuts([](const std::string &name) { return find(GetParam(), name); });
}

TEST_P(Kernels, CausalRowsSeeTheirOwnKeysOnly) {
  expectOwnKeys([](const std::string &name) { return find(GetParam(), name); });
}

TEST_P(Kernels, RowNorms) {
  for (int norm : {0, 1, 2})
    for (const char *region : {"", "residual"})
      for (int64_t width : {1, 7, 15, 16, 17, 48, 100, 257}) {
        RowData data(5, width);
        for (int64_t j = 0; j < width; ++j)
          data.x[3 * data.pitch + j] = 0; // a constant row
        std::string name = std::string("norm_") + (*region ? "residual_" : "") + std::to_string(norm);
        data.run(find(GetParam(), name), 0, 5);
        for (int64_t i = 0; i < 5; ++i)
          for (int64_t j = 0; j < width; ++j) {
            int64_t at = i * data.pitch + j;
            double expected = applyRegion(region, data.normalised(norm, 1e-5, i, j), data.column[j], data.old[at]);
            ASSERT_NEAR(data.y[at], expected, 3e-6 * (1 + std::fabs(expected))) << name << " width " << width;
          }
        expectGuarded(data.y, 5, width, data.pitch);
      }
}

TEST_P(Kernels, MapRegions) {
  for (const char *region : regions)
    for (int64_t width : {1, 16, 37}) {
      RowData data(4, width);
      data.run(find(GetParam(), std::string("map_") + region), 0, 4);
      for (int64_t i = 0; i < 4; ++i)
        for (int64_t j = 0; j < width; ++j) {
          int64_t at = i * data.pitch + j;
          double expected = applyRegion(region, data.x[at], data.column[j], data.old[at]);
          ASSERT_NEAR(data.y[at], expected, 6e-7 * (1 + std::fabs(expected))) << region;
        }
      expectGuarded(data.y, 4, width, data.pitch);
    }
}

// Relative error of the functions over the whole range in which they vary.
TEST_P(Kernels, FunctionsAreAccurate) {
  for (auto [name, low, high] : {std::tuple{"exp", -87.0, 88.5},
                                 {"tanh", -12.0, 12.0},
                                 {"erf", -6.0, 6.0},
                                 {"erf", -1e-3, 1e-3},
                                 {"tanh", -1e-3, 1e-3}}) {
    RowData data(256, 1024);
    for (int64_t i = 0; i < data.rows; ++i)
      for (int64_t j = 0; j < data.width; ++j)
        data.x[i * data.pitch + j] = low + (high - low) * (i * data.width + j) / (data.rows * data.width);
    data.run(find(GetParam(), std::string("map_") + name), 0, data.rows);
    double worst = 0;
    for (int64_t i = 0; i < data.rows; ++i)
      for (int64_t j = 0; j < data.width; ++j) {
        double expected = applyRegion(name, data.x[i * data.pitch + j], 0, 0);
        if (expected != 0)
          worst = std::max(worst, std::fabs(data.y[i * data.pitch + j] / expected - 1));
      }
    EXPECT_LT(worst, 3e-7) << name;
    RecordProperty(name, std::to_string(worst));
  }
}

TEST_P(Kernels, FunctionsAtTheEdges) {
  RowData data(1, 16);
  const float edges[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 200, -200, 89, -104, 1e-40f};
  std::copy(std::begin(edges), std::end(edges), data.x.data());
  for (const char *name : {"exp", "tanh", "erf"}) {
    data.run(find(GetParam(), std::string("map_") + name), 0, 1);
    for (size_t i = 0; i < std::size(edges); ++i) {
      float expected = applyRegion(name, edges[i], 0, 0);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(data.y[i])) << name;
      else if (std::isinf(expected))
        EXPECT_EQ(data.y[i], expected) << name << " of " << edges[i];
      else
        EXPECT_NEAR(data.y[i], expected, 3e-7 * std::fabs(expected)) << name << " of " << edges[i];
    }
  }
}

// What the planner reserves is what kernels use, on every level.
TEST_P(Kernels, ScratchSuffices) {
  std::string text = allKernels();
  for (auto [m, k] : {std::pair<int64_t, int64_t>{300, 1000}, {128, 768}, {40, 3000}, {3, 60000}}) {
    ContractData data(m, 20, k, 17);
    auto kernel = find(GetParam(), "contract_bias");
    EXPECT_LE(scratchUsed([&] { data.run(kernel, 0, m, 0, 2); }), scratchOf(text, "contract_bias").base);
  }
  expectAttentionScratch(text, [](const std::string &name) { return find(GetParam(), name); });
}

uint64_t address(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

TEST_P(Kernels, GatherAddsTables) {
  constexpr int64_t width = 21, pitch = 48, rows = 9;
  Floats first(7 * pitch), second(3 * pitch), y((rows + 1) * pitch, guard), column(32);
  first.randomise(1), second.randomise(2), column.randomise(3);
  const int32_t a[rows] = {6, 0, 3, 3, 1, 2, 5, 4, 6}, b[rows] = {0, 1, 2, 0, 1, 2, 0, 1, 2};
  uint64_t args[] = {address(y.data()),      pitch, width,      address(first.data()), pitch, address(a),
                     address(second.data()), pitch, address(b), address(column.data())};
  find(GetParam(), "gather")(args, 0, rows, 0, 1, nullptr);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < width; ++j)
      ASSERT_EQ(y[i * pitch + j], first[a[i] * pitch + j] + second[b[i] * pitch + j] + column[j]);
  expectGuarded(y, rows, width, pitch);
}

// Rows go where their cells are, and nothing else is touched.
TEST_P(Kernels, AppendsAtCells) {
  const std::vector<int32_t> cells = {5, 0, 2, 6};
  for (int64_t width : {1, 15, 16, 21, 40}) {
    constexpr int64_t pitch = 48;
    Floats x(5 * pitch), y(8 * pitch, guard);
    x.randomise(1);
    uint64_t args[] = {address(x.data()),    pitch, address(y.data()), pitch, static_cast<uint64_t>(width),
                       address(cells.data())};
    find(GetParam(), "append")(args, 1, 4, 0, 1, nullptr);
    for (int64_t cell = 0; cell < 8; ++cell) {
      auto row = std::find(cells.begin() + 1, cells.end(), static_cast<int32_t>(cell)) - cells.begin();
      for (int64_t j = 0; j < pitch; ++j)
        ASSERT_EQ(y[cell * pitch + j], row < 4 && j < width ? x[row * pitch + j] : guard) << cell << " " << j;
    }
  }
}

TEST_P(Kernels, Greatest) {
  for (int64_t width : {1, 2, 15, 16, 17, 33, 64, 100, 1000}) {
    GreatestProblem data(width, cpuGeometry());
    uint64_t args[] = {address(data.x.data()), static_cast<uint64_t>(data.pitch), address(data.y.data()),
                       static_cast<uint64_t>(data.pitchY), static_cast<uint64_t>(width)};
    find(GetParam(), "greatest")(args, 0, data.rows, 0, 1, nullptr);
    for (int64_t row = 0; row < data.rows; ++row)
      ASSERT_EQ(data.number(row), data.expected(row)) << "width " << width << " row " << row;
    expectGuarded(data.y, data.rows, 1, data.pitchY);
  }
}

TEST_P(Kernels, Pool) {
  constexpr int64_t width = 21, pitch = 48;
  Floats x(12 * pitch), y(4 * pitch, guard);
  x.randomise(1);
  const int32_t begin[] = {0, 7, 7, 12}, keys[] = {6, 0, 5};
  const std::vector<int32_t> position = {0, 2, 3, 4, 8, 9, 0, 0, 1, 2, 3, 5};
  uint64_t args[] = {address(x.data()), pitch,         address(y.data()),       pitch, width,
                     address(begin),    address(keys), address(position.data())};
  for (int kind = 0; kind < poolKinds; ++kind) {
    find(GetParam(), "pool_" + std::to_string(kind))(args, 0, 3, 0, 1, nullptr);
    for (int64_t s = 0; s < 3; ++s)
      for (int64_t j = 0; j < width; ++j) {
        std::vector<float> column;
        for (int64_t i = begin[s]; i < begin[s] + keys[s]; ++i)
          column.push_back(x[i * pitch + j]);
        std::vector<int32_t> places(position.begin() + begin[s], position.begin() + begin[s] + keys[s]);
        ASSERT_NEAR(y[s * pitch + j], pooled(kind, column, places), 1e-6) << kind;
      }
    expectGuarded(y, 3, width, pitch);
  }
}

// Both layouts at odd sizes, in pieces of rows and columns as in one; nothing
// behind the last column of a table is written.
TEST_P(Kernels, Fold) {
  const ptx::Geometry geometry = cpuGeometry();
  for (const FoldForm &form : foldForms())
    for (auto [k, n, rank] :
         {std::array<int64_t, 3>{1, 1, 1}, {5, 16, 4}, {37, 17, 3}, {20, 30, 0}, {100, 70, 16}, {33, 200, 64}}) {
      FoldProblem whole(k, n, rank, form, geometry), parts(k, n, rank, form, geometry);
      auto run = [&](FoldProblem &data, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
        std::vector<uint64_t> words;
        auto add = [&](auto... values) { (words.push_back(static_cast<uint64_t>(values)), ...); };
        add(address(data.a.data()), data.pitchA, address(data.b.data()), rank, address(data.base.data()),
            data.pitchBase, address(data.y.data()));
        if (!form.isNorm)
          add(data.pitchY);
        add(k, n);
        if (!form.isNorm)
          add(form.isScaled ? address(data.inputs.data()) : 0);
        add(address(data.scale.data()));
        find(GetParam(), form.name())(words.data(), r0, r1, c0, c1, scratchMemory().data());
      };
      int64_t panels = (n + 15) / 16, rows = form.isNorm ? 1 : k;
      run(whole, 0, rows, 0, panels);
      for (int64_t r = 0; r < rows; r += 14)
        for (int64_t c = 0; c < panels; c += 3)
          run(parts, r, std::min(rows, r + 14), c, std::min(panels, c + 3));
      EXPECT_TRUE(sameBytes(whole.y, parts.y)) << form.name();
      ASSERT_EQ(whole.result(geometry), whole.expected()) << form.name() << " " << k << " x " << n << " rank " << rank;
      EXPECT_TRUE(whole.isCompleted(geometry)) << form.name() << " " << k;
      if (form.isTable && !form.isNorm)
        EXPECT_EQ(writtenOutside(whole.y, k, n, whole.pitchY), -1);
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, Kernels, testing::ValuesIn(hostLevels()),
                         [](const auto &level) { return ptx::cpu::info(level.param).name.str(); });

// Every level computes the same bytes.
TEST(Levels, GiveTheSameBytes) {
  std::vector<Level> levels = hostLevels();
  if (levels.size() < 2)
    GTEST_SKIP() << "one level only on this processor";
  ASSERT_NE(find(levels[0], "contract_"), find(levels[1], "contract_")) << "one library stands for both";
  auto both = [&](auto &&run, auto &&make) {
    auto a = make(), b = make();
    run(levels[0], a), run(levels[1], b);
    return sameBytes(a.y, b.y);
  };
  for (const char *region : regions)
    for (int64_t m : {1, 2, 3, 5, 12, 37})
      EXPECT_TRUE(both([&](Level l, ContractData &d) { d.run(find(l, std::string("contract_") + region), 0, m, 0, 5); },
                       [&] { return ContractData(m, 70, 150, m % 2 * 17); }))
          << region << " " << m;
  for (const AttentionForm &form : attentionForms)
    EXPECT_TRUE(both([&](Level l, AttentionData &d) { d.run(find(l, form.name())); },
                     [&] { return AttentionData({70, 3, 33}, {70, 0, 40}, 3, form.dim); }))
        << form.name();
  for (const char *name : {"norm_0", "norm_1", "norm_2", "norm_residual_0", "map_exp", "map_erf", "map_tanh",
                           "map_silu", "map_gelu", "map_gelu_tanh"})
    EXPECT_TRUE(both([&](Level l, RowData &d) { d.run(find(l, name), 0, 40); }, [&] { return RowData(40, 203); }))
        << name;
}
} // namespace
