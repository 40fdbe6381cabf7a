#include "runtime/cpu/roof.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <immintrin.h>
#include <memory>
#include <sys/mman.h>
#include <vector>

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

// Each lane adds two products of bf16.
__attribute__((target("avx512f,avx512bf16"))) float chainsBf16() {
  __m512 acc[12];
  __m512i half = _mm512_set1_epi32(0x3f003f00); // pairs of 0.5
  for (__m512 &x : acc)
    x = _mm512_set1_ps(1.0f);
  for (int64_t i = 0; i < rounds; ++i) {
    __asm__ volatile("" : "+v"(half));
    for (__m512 &x : acc)
      x = _mm512_dpbf16_ps(x, reinterpret_cast<__m512bh>(half), reinterpret_cast<__m512bh>(half));
  }
  __m512 sum = acc[0];
  for (__m512 x : acc)
    sum = _mm512_add_ps(sum, x);
  return sum[0];
}

/// What a level multiplies with, and operations of one step of a chain.
struct Chains {
  float (*run)();
  int operations;
};

Chains chainsOf(const std::string &level) {
  if (level == "avx512_bf16")
    return {chainsBf16, 64};
  return level == "avx512" ? Chains{chains512, 32} : Chains{chains256, 16};
}

typedef float Vector256 __attribute__((vector_size(32), may_alias));
typedef float Vector512 __attribute__((vector_size(64), may_alias));

/// Sums `bytes` bytes of floats, a multiple of eight vectors: eight loads in
/// flight, none of them skipped.
template <typename Vector> __attribute__((always_inline)) inline float sum(const float *data, uint64_t bytes) {
  const auto *from = reinterpret_cast<const Vector *>(data);
  Vector acc[8] = {};
  for (uint64_t i = 0; i < bytes / sizeof(Vector); i += 8)
    for (uint64_t j = 0; j < 8; ++j)
      acc[j] += from[i + j];
  Vector total = {};
  for (const Vector &part : acc)
    total += part;
  return total[0];
}

__attribute__((target("avx2"))) float read256(const float *data, uint64_t bytes) { return sum<Vector256>(data, bytes); }
__attribute__((target("avx512f"))) float read512(const float *data, uint64_t bytes) {
  return sum<Vector512>(data, bytes);
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

} // namespace

double probeReading(Pool &pool, const std::string &level, uint64_t bytes) {
  constexpr uint64_t least = 64u << 10, most = 512u << 20, piece = 32u << 10;
  constexpr double enough = 0.03; // seconds; the best pass counts
  uint64_t pieces = std::max<uint64_t>(std::clamp(bytes, least, most) / piece, pool.size());
  // In large pages, as the device's own memory.
  constexpr uint64_t page = 2u << 20;
  uint64_t pages = (pieces * piece + page - 1) / page;
  std::unique_ptr<float, void (*)(void *)> data(static_cast<float *>(std::aligned_alloc(page, pages * page)),
                                                std::free);
  if (!data)
    return 0;
  ::madvise(data.get(), pages * page, MADV_HUGEPAGE);
  std::fill_n(data.get(), pieces * piece / sizeof(float), 1.0f);
  bool wide = level.starts_with("avx512");
  std::vector<float> sink(pool.size());
  // As many tiles as a launch of that size has, each in one run of memory.
  uint64_t tiles = std::min<uint64_t>(pieces, uint64_t{8} * pool.size());
  double best = 0, begin = now();
  for (int pass = 0; pass < 3 || now() - begin < enough; ++pass) {
    double start = now();
    pool.run(tiles, [&](size_t tile, size_t worker) {
      uint64_t first = pieces * tile / tiles, end = pieces * (tile + 1) / tiles;
      const float *from = data.get() + first * piece / sizeof(float);
      uint64_t size = (end - first) * piece;
      sink[worker] += wide ? read512(from, size) : read256(from, size);
    });
    best = std::max(best, static_cast<double>(pieces * piece) / (now() - start));
  }
  return best;
}

double probeArithmetic(Pool &pool, const std::string &level) {
  Chains chains = chainsOf(level);
  std::vector<float> sink(pool.size());
  double best = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    pool.run(pool.size(), [&](size_t tile, size_t) { sink[tile] = chains.run(); });
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double operations = static_cast<double>(pool.size()) * static_cast<double>(rounds) * 12 * chains.operations;
    best = std::max(best, operations / seconds);
  }
  return best;
}

} // namespace ptx
