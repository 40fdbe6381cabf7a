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
  std::string text = contractKernel("contract", "", in) + contractKernel("gelu", "gelu", in);
  for (int64_t dim : headDims)
    for (bool causal : {false, true})
      text += attentionKernel(attentionName(dim, causal), dim, causal, in);
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

// A weight of a key may round to either neighbour, where exp in f32 and in
// double lie on two sides of the middle.
TEST_P(Narrow, AttentionAtOddSizes) {
  double unit = GetParam().element == DType::BF16 ? 0x1p-8 : 0x1p-11;
  for (int64_t dim : headDims)
    for (bool causal : {false, true}) {
      std::vector<int64_t> keys = {0, 1, 15, 16, 17, 70, 33}, queries = {3, 1, 12, 16, 70, 130, 7};
      if (causal)
        queries = {3, 1, 15, 16, 17, 70, 140};
      AttentionData data(queries, keys, 3, dim);
      data.run(find(GetParam(), attentionName(dim, causal)));
      double scale = 1 / std::sqrt(static_cast<double>(dim)), sum = 0;
      int64_t row = 0;
      for (size_t s = 0; s < queries.size(); ++s)
        for (int64_t i = 0; i < queries[s]; ++i, ++row)
          for (int64_t c = 0; c < data.width; ++c) {
            double expected = data.reference(s, i, c / dim, c % dim, causal, scale, GetParam().element);
            double error = data.y[row * data.pitch + c] - expected;
            ASSERT_LT(std::fabs(error), 4e-6 + 4 * unit) << dim << " sequence " << s << " row " << i << " column " << c;
            sum += error * error;
          }
      // Few weights do so.
      EXPECT_LT(std::sqrt(sum / static_cast<double>(row * data.width)), unit / 16) << dim << causal;
      expectGuarded(data.y, data.queryRows, data.width, data.pitch);
    }
}

TEST_P(Narrow, AttentionBytesDoNotDependOnTheCut) {
  expectAttentionCuts([](const std::string &name) { return find(GetParam(), name); });
}

TEST_P(Narrow, CausalRowsSeeTheirOwnKeysOnly) { expectOwnKeys(find(GetParam(), "attention_16_causal")); }

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
