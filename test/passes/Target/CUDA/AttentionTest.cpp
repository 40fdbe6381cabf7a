// Attention against double: heads of any width, ragged sequences, other keys.
#include "test/passes/Target/CUDA/GpuHarness.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace ptx::test;

namespace {
const int64_t headDims[] = {1, 3, 8, 31, 32, 33, 64, 65, 80, 128, 160};

// Of every width, and of some by chunks of 64 keys.
std::vector<AttentionForm> forms() {
  std::vector<AttentionForm> all;
  for (bool causal : {false, true}) {
    for (int64_t dim : headDims)
      all.push_back({dim, causal});
    for (int64_t dim : {8, 33, 64})
      all.push_back({dim, causal, 64});
  }
  return all;
}

const GpuKernels &kernels() {
  static const GpuKernels made([] {
    std::string text;
    std::vector<std::string> names;
    for (const AttentionForm &form : forms())
      text += attentionKernel(names.emplace_back(form.name()), form);
    for (const AttentionForm &form : forms())
      if (form.chunk)
        text += attentionChunkKernel(names.emplace_back("chunk_" + form.name()), form) +
                attentionJoinKernel(names.emplace_back("join_" + form.name()), form);
    return withEntries(text, names);
  }());
  return made;
}

/// Query rows as the planner cuts them.
AttentionProblem makeProblem(const std::vector<int64_t> &queries, const std::vector<int64_t> &keys, int64_t heads,
                             int64_t dim) {
  ptx::Geometry geometry = gpuGeometry();
  return {queries, keys, heads, dim, geometry, static_cast<int64_t>(geometry.blockRows)};
}

std::string run(AttentionProblem &data, bool causal, uint64_t seed, int64_t chunk = 0) {
  GpuLaunch launch(kernels(), seed);
  launch.add(AttentionForm{data.headDim, causal, chunk}.name(), data);
  return launch.run();
}

void expectAttention(const AttentionProblem &data, bool causal) {
  double scale = 1 / std::sqrt(static_cast<double>(data.headDim));
  int64_t row = 0;
  for (size_t s = 0; s < data.queryCounts.size(); ++s)
    for (int64_t i = 0; i < data.queryCounts[s]; ++i, ++row) {
      std::vector<double> expected = data.reference(s, i, causal, scale);
      for (int64_t column = 0; column < data.width; ++column) {
        float got = data.y[row * data.pitch + column];
        ASSERT_NEAR(got, expected[column], 6e-6)
            << data.headDim << ": sequence " << s << " row " << i << " column " << column;
        ASSERT_TRUE(data.keyCounts[s] != 0 || got == 0);
      }
    }
  EXPECT_EQ(writtenOutside(data.y, data.queryRows, data.width, data.pitch), -1);
}

// Every width of a head; sequences of no key, of more keys than lanes, of more
// queries than a block takes. Queries and keys lie in spaces of their own.
TEST(Attention, HeadWidths) {
  uint64_t order = 0;
  for (const AttentionForm &form : forms()) {
    AttentionProblem data = makeProblem({3, 1, 17, 33, 5}, {0, 1, 32, 33, 40}, 2, form.dim);
    ASSERT_EQ(run(data, form.causal, order++ % 5, form.chunk), "") << form.name();
    expectAttention(data, form.causal);
    if (HasFatalFailure())
      return;
  }
}

// The spaces are the same: each row sees itself and what is before it.
TEST(Attention, SequencesOnThemselves) {
  for (int64_t dim : {8, 33})
    for (bool causal : {false, true})
      for (int64_t chunk : {0, 64}) {
        AttentionProblem data = makeProblem({1, 16, 70, 31, 64, 130}, {1, 16, 70, 31, 64, 130}, 3, dim);
        ASSERT_EQ(run(data, causal, 4, chunk), "");
        expectAttention(data, causal);
      }
}

// Nobody has a key: zeros, and no read of the keys.
TEST(Attention, NoKeysAtAll) {
  for (bool causal : {false, true}) {
    AttentionProblem data = makeProblem({2, 18}, {0, 0}, 2, 31);
    ASSERT_EQ(run(data, causal, 1), "");
    expectAttention(data, causal);
  }
}

// The order of threads and blocks does not reach the result.
TEST(Attention, EveryOrderGivesTheSameBytes) {
  for (bool causal : {false, true}) {
    AttentionProblem first = makeProblem({18, 5}, {40, 3}, 2, 65);
    for (uint64_t seed = 0; seed < 7; ++seed) {
      AttentionProblem data = makeProblem({18, 5}, {40, 3}, 2, 65);
      ASSERT_EQ(run(seed ? data : first, causal, seed), "");
      EXPECT_TRUE(seed == 0 || sameBytes(first.y, data.y)) << "order " << seed;
    }
  }
}

// A row depends neither on the cut into blocks nor on its neighbours.
TEST(Attention, ARowIsTheSameAmongAnyNeighbours) {
  for (const AttentionForm &form :
       {AttentionForm{33, false}, AttentionForm{33, true}, AttentionForm{33, false, 64}, AttentionForm{33, true, 64}}) {
    AttentionProblem whole = makeProblem({77, 9}, {77, 40}, 2, 33);
    ASSERT_EQ(run(whole, form.causal, 0, form.chunk), "");
    for (int64_t rows : {1, 5, 13}) {
      AttentionProblem cut({77, 9}, {77, 40}, 2, 33, gpuGeometry(), rows);
      for (int64_t block = static_cast<int64_t>(cut.blocks.size() / 4) - 1; block >= 0; --block) {
        GpuLaunch launch(kernels());
        launch.add(form.name(), cut, block, block + 1);
        ASSERT_EQ(launch.run(), "");
      }
      EXPECT_TRUE(sameBytes(whole.y, cut.y)) << "blocks of " << rows;
    }
  }
}

// Whoever computes the chunks of a sequence: the bytes are those of one who computes them all. One head, of a
// multiple of 16: its states are written to the last but 14, which a launch may bring back.
TEST(Attention, JoinedChunksGiveTheBytesOfTheWhole) {
  AttentionForm form{64, false, 64};
  auto make = [&] { return makeProblem({1, 1, 1, 1}, {200, 64, 3, 65}, 1, form.dim); };
  AttentionProblem whole = make(), parts = make();
  ASSERT_EQ(run(whole, false, 1, form.chunk), "");
  ChunkProblem chunks(parts, form.chunk, gpuGeometry());
  int64_t written = form.dim + 2;
  GpuLaunch launch(kernels(), 2), join(kernels(), 3);
  launch.add("chunk_" + form.name(), 0, chunks.count(), 1)
      .in("q", parts.q, parts.queryRows, parts.width, parts.pitch)
      .in("k", parts.k, parts.keyRows, parts.width, parts.pitch)
      .in("v", parts.v, parts.keyRows, parts.width, parts.pitch)
      .out("y", chunks.states, 0, chunks.count(), written, chunks.pitch)
      .count("states", chunks.width)
      .index("chunks", chunks.chunks)
      .index("key_begin", parts.begin)
      .index("keys", parts.keys);
  ASSERT_EQ(launch.run(), "");
  join.add("join_" + form.name(), 0, 4, 1)
      .in("x", chunks.states, chunks.count(), written, chunks.pitch)
      .out("y", parts.y, 0, parts.queryRows, parts.width, parts.pitch)
      .count("states", chunks.width)
      .index("chunk_begin", chunks.begin);
  ASSERT_EQ(join.run(), "");
  EXPECT_TRUE(sameBytes(whole.y, parts.y));
}

// Keys whose scores are all -infinity have no weight beside later ones: of the first step, and of a chunk.
TEST(Attention, KeysOfNoWeightAreNone) {
  for (int64_t chunk : {0, 64}) {
    AttentionProblem data = makeProblem({2}, {100}, 1, 64);
    for (int64_t i = 0; i < 2 * data.pitch; ++i)
      data.q[i] = 1 + std::fabs(data.q[i]);
    std::fill(data.k.data(), data.k.data() + 70 * data.pitch, -3e38f);
    ASSERT_EQ(run(data, false, 1, chunk), "");
    for (int64_t row = 0; row < 2; ++row)
      for (int64_t column = 0; column < 64; ++column)
        ASSERT_TRUE(std::isfinite(data.y[row * data.pitch + column])) << chunk << ": " << row << " " << column;
  }
}

// An infinite value of a later key does not reach earlier rows of a causal block.
TEST(Attention, CausalRowsSeeTheirOwnKeysOnly) {
  AttentionProblem clean = makeProblem({14}, {14}, 1, 32), spoilt = makeProblem({14}, {14}, 1, 32);
  for (int64_t d = 0; d < 32; ++d)
    spoilt.v[13 * spoilt.pitch + d] = spoilt.k[13 * spoilt.pitch + d] = INFINITY;
  ASSERT_EQ(run(clean, true, 0), "");
  ASSERT_EQ(run(spoilt, true, 0), "");
  for (int64_t i = 0; i < 13 * clean.pitch; ++i)
    ASSERT_EQ(clean.y[i], spoilt.y[i]) << "row " << i / clean.pitch;
}
} // namespace
