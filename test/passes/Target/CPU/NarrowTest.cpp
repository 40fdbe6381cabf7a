// Contractions and attention in f16 and bf16 against double, with operands
// rounded as the contract says; equal bytes whatever the split. Levels may
// differ: some add two products at once.
#include "test/passes/Target/CPU/KernelChecks.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

using namespace ptx;
using namespace ptx::cpu;
using namespace ptx::test;

namespace {
constexpr double eps = 1.2e-7;

struct Case {
  Level level;
  DType element;
  std::string in() const { return element == DType::BF16 ? "bf16" : "f16"; }
};

std::string kernelsIn(const std::string &in) {
  std::string text = contractKernel("contract", "", in) + contractKernel("gelu", "gelu", in) +
                     contractKernel("contract_rows", "", in, "x y") + mapKernel("map_rows", "relu", in) +
                     gatherKernel("gather", 2, in) + appendKernel("append_y", in, "y") +
                     appendKernel("append_xy", in, "x y");
  for (const AttentionForm &form : attentionForms)
    text += attentionKernel(form.name(), form, in) + attentionKernel(form.name() + "_rows", form, in, "q k v y");
  return text;
}

std::vector<Case> hostCases() {
  std::vector<Case> cases;
  for (const LevelInfo &level : allLevels())
    for (DType element : {DType::F16, DType::BF16})
      if (hostRuns(level.level))
        cases.push_back({level.level, element});
  return cases;
}

KernelFunction find(const Case &which, const std::string &name) {
  static std::map<std::pair<Level, DType>, std::unique_ptr<Library>> made;
  auto &one = made[{which.level, which.element}];
  if (!one)
    one = std::make_unique<Library>(kernelsIn(which.in()), which.level);
  return one->kernel(name);
}

/// As exact as sums in f32 are: much more than operands that are not rounded would be.
void expectContract(const ContractData &data) {
  for (int64_t i = 0; i < data.m; ++i)
    for (int64_t j = 0; j < data.n; ++j)
      ASSERT_NEAR(data.y[i * data.pitchY + j], data.reference(i, j),
                  2 * std::sqrt(data.k + data.rank + 4.0) * eps * data.magnitude(i, j))
          << "m " << data.m << " n " << data.n << " k " << data.k << " rank " << data.rank << " at " << i << "," << j;
  expectGuarded(data.y, data.m, data.n, data.pitchY);
}

class Narrow : public testing::TestWithParam<Case> {
protected:
  ContractData problem(int64_t m, int64_t n, int64_t k, int64_t rank) const {
    return {m, n, k, rank, GetParam().element};
  }
};

TEST_P(Narrow, ContractAtOddSizes) {
  auto kernel = find(GetParam(), "contract");
  for (int64_t m = 1; m <= 26; ++m)
    for (int64_t n : {1, 16, 17, 70, 100})
      for (int64_t k : {1, 2, 15, 16, 33, 200})
        for (int64_t rank : {0, 1, 4, 17}) {
          ContractData data = problem(m, n, k, rank);
          data.run(kernel, 0, m, 0, (n + 15) / 16);
          expectContract(data);
          if (HasFatalFailure())
            return;
        }
}

TEST_P(Narrow, ContractOfFewRows) {
  auto kernel = find(GetParam(), "contract");
  for (int64_t m : {4, 5}) {
    int64_t n = (64 / m + 1) * 64 + 21;
    ContractData data = problem(m, n, 9, m % 2 * 3);
    data.run(kernel, 0, m, 0, (n + 15) / 16);
    ASSERT_NO_FATAL_FAILURE(expectContract(data));
  }
}

// More rows than one chunk holds, and rows longer than a chunk.
TEST_P(Narrow, ContractInChunksAndPieces) {
  auto kernel = find(GetParam(), "contract");
  for (auto [m, n, k, rank] :
       {std::array<int64_t, 4>{300, 20, 1000, 5}, {14, 40, 8176, 0}, {14, 3, 20001, 2049}, {3, 18, 40000, 0}}) {
    ContractData data = problem(m, n, k, rank), parts = problem(m, n, k, rank);
    data.run(kernel, 0, m, 0, (n + 15) / 16);
    expectContract(data);
    for (int64_t r = 0; r < m; ++r)
      parts.run(kernel, r, r + 1, 0, (n + 15) / 16);
    ASSERT_TRUE(sameBytes(data.y, parts.y));
  }
}

TEST_P(Narrow, ContractBytesDoNotDependOnTheCut) {
  expectContractCuts(find(GetParam(), "gelu"), GetParam().element, 40, 1);
}

// Halves go to even, large values to infinity, and NaN stays NaN.
TEST_P(Narrow, OperandsAreRounded) {
  bool isBf16 = GetParam().element == DType::BF16;
  float unit = isBf16 ? 0x1p-7f : 0x1p-10f, largest = isBf16 ? 0x1.fep127f : 65504.0f;
  const std::pair<float, float> cases[] = {{1 + unit / 2, 1},
                                           {1 + unit * 3 / 2, 1 + 2 * unit},
                                           {1 + unit * 0.5001f, 1 + unit},
                                           {-1 - unit * 3 / 2, -1 - 2 * unit},
                                           {largest, largest},
                                           {largest * (1 + unit / 2), INFINITY},
                                           {-INFINITY, -INFINITY},
                                           {NAN, NAN},
                                           {std::bit_cast<float>(0x7fffffffu), NAN},
                                           {std::bit_cast<float>(0xff800001u), NAN},
                                           {0.0f, 0.0f}};
  for (auto [given, expected] : cases) {
    ContractData data = problem(1, 1, 1, 0);
    data.x[0] = given;
    for (int64_t i = 0; i < data.weight.size(); ++i)
      data.weight[i] = 0;
    reinterpret_cast<uint16_t *>(data.weight.data())[0] = isBf16 ? 0x3f80 : 0x3c00; // 1
    data.run(find(GetParam(), "contract"), 0, 1, 0, 1);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(data.y[0])) << given;
    else
      EXPECT_EQ(data.y[0], expected) << given;
  }
}

/// An attention of sequences of unlike lengths.
AttentionData computed(const Case &of, const AttentionForm &form) {
  std::vector<int64_t> keys = {0, 1, 15, 16, 17, 70, 33, 200}, queries = {3, 1, 12, 16, 70, 130, 7, 2};
  if (form.causal)
    queries = {3, 1, 15, 16, 17, 70, 140, 200};
  AttentionData data(queries, keys, 3, form.dim);
  data.run(find(of, form.name()));
  return data;
}

// A weight of a key may round to either neighbour, where exp in f32 and in
// double lie on two sides of the middle.
TEST_P(Narrow, AttentionAtOddSizes) {
  double unit = GetParam().element == DType::BF16 ? 0x1p-8 : 0x1p-11;
  for (const AttentionForm &form : attentionForms) {
    AttentionData data = computed(GetParam(), form);
    double scale = 1 / std::sqrt(static_cast<double>(form.dim)), sum = 0;
    int64_t row = 0;
    for (size_t s = 0; s < data.queryCounts.size(); ++s)
      for (int64_t i = 0; i < data.queryCounts[s]; ++i, ++row) {
        std::vector<double> expected = data.reference(s, i, form.causal, scale, GetParam().element);
        for (int64_t c = 0; c < data.width; ++c) {
          double error = data.y[row * data.pitch + c] - expected[c];
          ASSERT_LT(std::fabs(error), 4e-6 + 4 * unit)
              << form.name() << " sequence " << s << " row " << i << " column " << c;
          sum += error * error;
        }
      }
    // Few weights do so; but those of chunks are rounded as parts of other sums.
    EXPECT_LT(std::sqrt(sum / static_cast<double>(row * data.width)), unit / (form.chunk ? 4 : 16)) << form.name();
    expectGuarded(data.y, data.queryRows, data.width, data.pitch);
  }
}

TEST_P(Narrow, AttentionBytesDoNotDependOnTheCut) {
  expectAttentionCuts([](const std::string &name) { return find(GetParam(), name); });
}

TEST_P(Narrow, CausalRowsSeeTheirOwnKeysOnly) {
  expectOwnKeys([](const std::string &name) { return find(GetParam(), name); });
}

/// Rows of the type hold what is stored of rows of f32, rounded.
void expectRounded(const NarrowRows &narrow, const Floats &wide) {
  EXPECT_EQ(narrow.firstDifference(wide, cpuGeometry()), -1);
  EXPECT_TRUE(narrow.isGuarded());
}

uint64_t addressOf(NarrowRows &rows) { return reinterpret_cast<uint64_t>(rows.words.data()); }

// Rows of the type are multiplied as those of f32 that are rounded, and stored rounded.
TEST_P(Narrow, ContractRowsOfTheType) {
  auto wide = find(GetParam(), "contract"), narrow = find(GetParam(), "contract_rows");
  for (int64_t m : {1, 7, 30, 300})
    for (int64_t n : {2, 16, 18, 70})
      for (auto [k, rank] : {std::pair<int64_t, int64_t>{2, 0}, {34, 3}, {200, 0}, {8176, 5}}) {
        ContractData data = problem(m, n, k, rank);
        NarrowRows x(GetParam().element, data.x, m, k, cpuGeometry()), y(GetParam().element, m, n, cpuGeometry());
        data.run(wide, 0, m, 0, (n + 15) / 16);
        auto args = data.args();
        args[0] = addressOf(x), args[1] = static_cast<uint64_t>(x.pitch);
        args[5] = addressOf(y), args[6] = static_cast<uint64_t>(y.pitch);
        narrow(args.data(), 0, m, 0, (n + 15) / 16, scratchMemory().data());
        expectRounded(y, data.y);
        if (HasFailure())
          return;
      }
}

TEST_P(Narrow, AttentionRowsOfTheType) {
  for (const AttentionForm &form : attentionForms) {
    AttentionData data = computed(GetParam(), form);
    auto copy = [&](const Floats &rows, int64_t count) {
      return NarrowRows(GetParam().element, rows, count, data.width, cpuGeometry());
    };
    NarrowRows operands[] = {copy(data.q, data.queryRows), copy(data.k, data.keyRows), copy(data.v, data.keyRows),
                             NarrowRows(GetParam().element, data.queryRows, data.width, cpuGeometry())};
    auto args = data.args();
    for (size_t i = 0; i < 4; ++i)
      args[2 * i] = addressOf(operands[i]), args[2 * i + 1] = static_cast<uint64_t>(operands[i].pitch);
    find(GetParam(), form.name() + "_rows")(args.data(), 0, data.blocks.size() / 4, 0, data.heads,
                                            scratchMemory().data());
    expectRounded(operands[3], data.y);
    if (HasFailure())
      return;
  }
}

TEST_P(Narrow, MapStoresRowsOfTheType) {
  for (int64_t width : {2, 14, 16, 18, 64, 70}) {
    RowData data(5, width);
    for (int64_t i = 0; i < data.x.size(); ++i)
      data.y[i] = std::max(data.x[i], 0.0f);
    NarrowRows y(GetParam().element, 5, width, cpuGeometry());
    uint64_t args[] = {reinterpret_cast<uint64_t>(data.x.data()), static_cast<uint64_t>(data.pitch), addressOf(y),
                       static_cast<uint64_t>(y.pitch), static_cast<uint64_t>(width)};
    find(GetParam(), "map_rows")(args, 0, 5, 0, 1, scratchMemory().data());
    expectRounded(y, data.y);
  }
}

// Rows of a table of the type, and of one of f32.
TEST_P(Narrow, GathersFromTables) {
  const std::vector<int32_t> first = {3, 0, 2, 2, 1}, second = {0, 1, 2, 3, 0};
  for (int64_t width : {2, 14, 16, 34, 70}) {
    RowData data(5, width);
    NarrowRows table(GetParam().element, data.x, 4, width, cpuGeometry());
    auto address = [](const auto *values) { return reinterpret_cast<uint64_t>(values); };
    auto pitch = static_cast<uint64_t>(data.pitch);
    uint64_t args[] = {address(data.y.data()),
                       pitch,
                       static_cast<uint64_t>(width),
                       addressOf(table),
                       static_cast<uint64_t>(table.pitch),
                       address(first.data()),
                       address(data.old.data()),
                       pitch,
                       address(second.data()),
                       address(data.column.data())};
    find(GetParam(), "gather")(args, 0, 5, 0, 1, nullptr);
    for (int64_t i = 0; i < 5; ++i)
      for (int64_t j = 0; j < width; ++j)
        ASSERT_EQ(data.y[i * data.pitch + j],
                  table.at(first[i], j) + data.old[second[i] * data.pitch + j] + data.column[j]);
    expectGuarded(data.y, 5, width, data.pitch);
  }
}

// Into a cache of the type: rows of f32 are rounded, those of the type stay.
TEST_P(Narrow, AppendsAtCells) {
  const std::vector<int32_t> cells = {5, 0, 2};
  for (int64_t width : {2, 14, 16, 34, 70}) {
    RowData data(6, width);
    NarrowRows x(GetParam().element, data.x, 3, width, cpuGeometry());
    for (bool isNarrow : {false, true}) {
      NarrowRows y(GetParam().element, data.old, 6, width, cpuGeometry());
      NarrowRows before(GetParam().element, data.old, 6, width, cpuGeometry());
      uint64_t args[] = {isNarrow ? addressOf(x) : reinterpret_cast<uint64_t>(data.x.data()),
                         static_cast<uint64_t>(isNarrow ? x.pitch : data.pitch),
                         addressOf(y),
                         static_cast<uint64_t>(y.pitch),
                         static_cast<uint64_t>(width),
                         reinterpret_cast<uint64_t>(cells.data())};
      find(GetParam(), isNarrow ? "append_xy" : "append_y")(args, 0, 3, 0, 1, nullptr);
      for (int64_t cell = 0; cell < 6; ++cell)
        for (int64_t j = 0; j < width; ++j) {
          auto row = std::find(cells.begin(), cells.end(), static_cast<int32_t>(cell)) - cells.begin();
          ASSERT_EQ(y.at(cell, j), row < 3 ? x.at(row, j) : before.at(cell, j)) << cell << " " << j;
        }
    }
  }
}

// What the planner reserves is what kernels use, on every level.
TEST_P(Narrow, ScratchSuffices) {
  std::string text = kernelsIn(GetParam().in());
  for (auto [m, k] : {std::pair<int64_t, int64_t>{300, 1000}, {128, 768}, {40, 8176}, {40, 16368}, {14, 60000}}) {
    ContractData data = problem(m, 20, k, 17);
    auto kernel = find(GetParam(), "contract");
    EXPECT_LE(scratchUsed([&] { data.run(kernel, 0, m, 0, 2); }), scratchOf(text, "contract").base) << m << " " << k;
  }
  expectAttentionScratch(text, [](const std::string &name) { return find(GetParam(), name); });
}

INSTANTIATE_TEST_SUITE_P(Host, Narrow, testing::ValuesIn(hostCases()), [](const auto &instance) {
  return cpu::info(instance.param.level).name.str() + "_" + instance.param.in();
});
} // namespace
