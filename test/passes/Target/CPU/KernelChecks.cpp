#include "test/passes/Target/CPU/KernelChecks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace ptx::cpu;

namespace ptx::test {

void expectGuarded(const Floats &y, int64_t rows, int64_t width, int64_t pitch) {
  int64_t at = writtenOutside(y, rows, width, pitch);
  ASSERT_EQ(at, -1) << "written outside the result, row " << at / pitch << " column " << at % pitch;
}

void expectContractCuts(KernelFunction kernel, DType element, int repeats, int64_t rankStep) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cuts every time
  std::mt19937 random(7);
  auto pick = [&](int64_t below) { return static_cast<int64_t>(random() % below); };
  for (int repeat = 0; repeat < repeats; ++repeat) {
    int64_t m = 1 + pick(60), n = 1 + pick(200), k = 1 + pick(200), panels = (n + 15) / 16;
    int64_t rank = rankStep * (repeat % int64_t{3});
    ContractData whole(m, n, k, rank, element), parts(m, n, k, rank, element);
    whole.run(kernel, 0, m, 0, panels);
    for (int64_t r = 0, next; r < m; r = next) {
      next = std::min(m, r + 1 + pick(20));
      for (int64_t c = 0, end; c < panels; c = end) {
        end = std::min(panels, c + 1 + pick(5));
        parts.run(kernel, r, next, c, end);
      }
    }
    ASSERT_TRUE(sameBytes(whole.y, parts.y)) << m << " " << n << " " << k;
  }
}

void expectAttentionCuts(FindKernel find) {
  for (const AttentionForm &form : attentionForms) {
    auto kernel = find(form.name());
    AttentionData whole({150, 9}, {150, 40}, 2, form.dim);
    whole.run(kernel);
    for (int64_t rows : {1, 5, 13, 32}) {
      AttentionData parts({150, 9}, {150, 40}, 2, form.dim, rows);
      for (int64_t b = parts.blocks.size() / 4 - 1; b >= 0; --b)
        for (int64_t h = 0; h < 2; ++h)
          parts.run(kernel, b, b + 1, h, h + 1);
      ASSERT_TRUE(sameBytes(whole.y, parts.y)) << "blocks of " << rows << ", " << form.name();
    }
  }
}

void expectOwnKeys(FindKernel find) {
  for (AttentionForm form : {AttentionForm{16, true}, AttentionForm{16, true, 64}})
    for (int64_t last : {19, 64, 70}) {
      AttentionData clean({last + 1}, {last + 1}, 1, 16), spoilt({last + 1}, {last + 1}, 1, 16);
      for (int64_t d = 0; d < 16; ++d)
        spoilt.v[last * spoilt.pitch + d] = spoilt.k[last * spoilt.pitch + d] = INFINITY;
      clean.run(find(form.name())), spoilt.run(find(form.name()));
      EXPECT_EQ(std::memcmp(clean.y.data(), spoilt.y.data(), last * clean.pitch * sizeof(float)), 0)
          << form.name() << " " << last;
    }
}

int64_t scratchUsed(llvm::function_ref<void()> run) {
  Floats &scratch = scratchMemory();
  std::fill(scratch.data(), scratch.data() + scratch.size(), guard);
  run();
  int64_t last = scratch.size();
  while (last > 0 && scratch[last - 1] == guard)
    --last;
  return 4 * last;
}

void expectAttentionScratch(const std::string &text, FindKernel find) {
  for (const AttentionForm &form : attentionForms)
    for (int64_t keys : {1, 16, 70, 333}) {
      AttentionData many({100}, {keys}, 2, form.dim), few({3}, {keys}, 19, form.dim);
      ScratchBytes bytes = scratchOf(text, form.name());
      auto kernel = find(form.name());
      for (AttentionData *data : {&many, &few})
        EXPECT_LE(scratchUsed([&] { data->run(kernel); }), bytes.base + bytes.perKey * roundUp(keys, 16))
            << form.name() << " " << keys;
    }
}

} // namespace ptx::test
