#include "runtime/cpu/roof.h"

#include <algorithm>
#include <chrono>
#include <immintrin.h>

namespace ptx {

namespace {

constexpr int64_t rounds = 1'000'000;

// Twelve independent chains hide the latency of two FMA pipes; operands stay
// in registers. The values circle around 1, far from denormals.
__attribute__((target("avx2,fma"))) float chains256() {
  __m256 acc[12], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.5f);
  for (__m256 &x : acc)
    x = _mm256_set1_ps(1.0f);
  for (int64_t i = 0; i < rounds; ++i) {
    __asm__ volatile("" : "+x"(a), "+x"(b)); // unknown to the compiler: nothing folds
    for (__m256 &x : acc)
      x = _mm256_fmadd_ps(x, a, b);
  }
  __m256 sum = acc[0];
  for (__m256 x : acc)
    sum = _mm256_add_ps(sum, x);
  return sum[0];
}

__attribute__((target("avx512f"))) float chains512() {
  __m512 acc[12], a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.5f);
  for (__m512 &x : acc)
    x = _mm512_set1_ps(1.0f);
  for (int64_t i = 0; i < rounds; ++i) {
    __asm__ volatile("" : "+v"(a), "+v"(b));
    for (__m512 &x : acc)
      x = _mm512_fmadd_ps(x, a, b);
  }
  __m512 sum = acc[0];
  for (__m512 x : acc)
    sum = _mm512_add_ps(sum, x);
  return sum[0];
}

} // namespace

double probeRoof(Pool &pool, const std::string &level) {
  bool wide = level == "avx512";
  std::vector<float> sink(pool.size());
  double best = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    pool.run(pool.size(), [&](size_t tile, size_t) { sink[tile] = wide ? chains512() : chains256(); });
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double operations = static_cast<double>(pool.size()) * static_cast<double>(rounds) * 12 * (wide ? 16 : 8) * 2;
    best = std::max(best, operations / seconds);
  }
  return best;
}

} // namespace ptx
