#include "runtime/generate/sample.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

namespace ptx {

namespace {

constexpr float never = -INFINITY;

void keepGreatest(size_t count, std::span<float> scores) {
  if (count >= scores.size())
    return;
  std::vector<float> sorted(scores.begin(), scores.end());
  auto last = sorted.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(sorted.begin(), last, sorted.end(), std::greater<>());
  for (float &score : scores)
    score = score < *last ? never : score;
}

double weightOf(float score, float greatest) { return std::exp(static_cast<double>(score) - greatest); }

void keepLikely(double share, std::span<float> scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](size_t id) { return std::pair(scores[id], id); });
  float greatest = scores[order.back()];
  double sum = 0, whole = 0;
  for (size_t id : order)
    whole += weightOf(scores[id], greatest);
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    sum += weightOf(scores[order[i]], greatest);
    if (sum / whole > 1 - share)
      return;
    scores[order[i]] = never;
  }
}

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

} // namespace

void warpScores(const Sampling &sampling, std::span<float> scores) {
  if (sampling.temperature != 1)
    for (float &score : scores)
      score /= static_cast<float>(sampling.temperature);
  if (sampling.topK > 0)
    keepGreatest(sampling.topK, scores);
  if (sampling.topP < 1)
    keepLikely(sampling.topP, scores);
}

double randomOf(uint64_t seed, uint64_t row, uint64_t step) {
  constexpr uint64_t gamma = 0x9e3779b97f4a7c15u;
  return static_cast<double>(mix(mix(seed + (row + 1) * gamma) + (step + 1) * gamma) >> 11) * 0x1p-53;
}

size_t draw(std::span<const float> scores, double random) {
  float greatest = std::ranges::max(scores);
  double whole = 0, sum = 0;
  for (float score : scores)
    whole += weightOf(score, greatest);
  size_t last = 0;
  for (size_t id = 0; id < scores.size(); ++id) {
    double weight = weightOf(scores[id], greatest);
    sum += weight;
    if (weight > 0)
      last = id;
    if (sum > random * whole)
      break;
  }
  return last;
}

} // namespace ptx
