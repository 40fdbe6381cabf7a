// Launches of several problems and several kernels: one grid.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <functional>
#include <gtest/gtest.h>

using namespace ptx::test;

namespace {

// One entry has every kind of kernel, another two contractions, and each
// contraction has one of its own.
const GpuKernels &kernels() {
  static const GpuKernels made(
      contractKernel("gelu", "gelu") + contractKernel("residual", "residual") +
      attentionKernel("attention", {40, true}) + normKernel("norm", 0, 1e-5) + mapKernel("map", "silu") +
      entryOf("all", {"attention", "gelu", "map", "norm", "residual"}) + entryOf("both", {"gelu", "residual"}) +
      withEntries("", {"attention", "gelu", "map", "norm", "residual"}));
  return made;
}

AttentionProblem makeAttention() { return {{20, 3}, {20, 3}, 2, 40, gpuGeometry(), 16}; }

// Two contractions of two problems each, of different depth, width and form,
// in any order of problems: as each alone.
TEST(Launch, TwoContractionsOfTwoProblems) {
  struct Case {
    const char *kernel;
    int64_t m, n, k, rank;
  };
  const Case cases[] = {
      {"gelu", 70, 33, 40, 0}, {"residual", 5, 100, 17, 5}, {"gelu", 8, 16, 3, 17}, {"residual", 66, 65, 16, 0}};
  for (uint64_t seed = 0; seed < 5; ++seed) {
    GpuLaunch together(kernels(), seed);
    std::deque<ContractProblem> merged;
    for (const Case &one : cases)
      together.add(one.kernel, merged.emplace_back(one.m, one.n, one.k, one.rank, gpuGeometry()), one.kernel[0] == 'r');
    ASSERT_EQ(together.run(), "");
    for (size_t i = 0; i < std::size(cases); ++i) {
      ContractProblem alone(cases[i].m, cases[i].n, cases[i].k, cases[i].rank, gpuGeometry());
      GpuLaunch single(kernels());
      single.add(cases[i].kernel, alone, cases[i].kernel[0] == 'r');
      ASSERT_EQ(single.run(), "");
      EXPECT_TRUE(sameBytes(alone.y, merged[i].y)) << i << ", order " << seed;
    }
  }
}

// Every kind of kernel in one grid, whose blocks share one layout of shared memory.
TEST(Launch, EveryKindOfKernel) {
  ContractProblem gelu(9, 20, 33, 4, gpuGeometry()), geluAlone(9, 20, 33, 4, gpuGeometry());
  AttentionProblem attention = makeAttention(), attentionAlone = makeAttention();
  RowProblem norm(5, 70, gpuGeometry()), normAlone(5, 70, gpuGeometry());
  RowProblem map(6, 7, gpuGeometry()), mapAlone(6, 7, gpuGeometry());
  for (uint64_t seed = 0; seed < 5; ++seed) {
    GpuLaunch together(kernels(), seed);
    together.add("norm", norm);
    together.add("gelu", gelu);
    together.add("attention", attention);
    together.add("map", map);
    ASSERT_EQ(together.run(), "");
    auto alone = [&](auto &&add) {
      GpuLaunch launch(kernels());
      add(launch);
      EXPECT_EQ(launch.run(), "");
    };
    alone([&](GpuLaunch &launch) { launch.add("norm", normAlone); });
    alone([&](GpuLaunch &launch) { launch.add("gelu", geluAlone); });
    alone([&](GpuLaunch &launch) { launch.add("attention", attentionAlone); });
    alone([&](GpuLaunch &launch) { launch.add("map", mapAlone); });
    EXPECT_TRUE(sameBytes(norm.y, normAlone.y) && sameBytes(gelu.y, geluAlone.y) &&
                sameBytes(attention.y, attentionAlone.y) && sameBytes(map.y, mapAlone.y))
        << "order " << seed;
  }
}

// A guard has left one member out: the others' problems are a table of their own.
TEST(Launch, AbsentMember) {
  ContractProblem some(12, 18, 20, 0, gpuGeometry()), other(3, 18, 20, 0, gpuGeometry());
  RowProblem rows(5, 9, gpuGeometry());
  GpuLaunch launch(kernels(), 3);
  launch.add("gelu", some);
  launch.add("map", rows);
  launch.add("residual", other, true);
  ASSERT_EQ(launch.run(), "");
  for (ContractProblem *data : {&some, &other})
    for (int64_t i = 0; i < data->m; ++i)
      for (int64_t j = 0; j < data->n; ++j) {
        double old = data->old[i * data->pitchY + j];
        const char *region = data == &some ? "gelu" : "residual";
        ASSERT_NEAR(data->y[i * data->pitchY + j], applyRegion(region, data->reference(i, j), data->bias[j], old),
                    1e-5);
      }
}

// Nothing to do is no launch.
TEST(Launch, NoProblems) {
  GpuLaunch launch(kernels());
  EXPECT_EQ(launch.run(), "");
}
} // namespace
