// Sampling: which ids may come, and which of them does.
#ifndef PTX_RUNTIME_GENERATE_SAMPLE_H
#define PTX_RUNTIME_GENERATE_SAMPLE_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace ptx {

struct Sampling {
  double temperature = 1; // above 0
  uint64_t topK = 0;      // 0: all
  double topP = 1;        // above 0, at most 1
  uint64_t seed = 0;
};

/// Transformers' warpers, in their order: scores are divided by the temperature;
/// those below the topK-th greatest are -infinity (equals of it stay); then the
/// smallest ones, of equals the lower ids first, as long as their probabilities
/// together are at most 1 - topP, but never the greatest. Probabilities are
/// summed in f64.
void warpScores(const Sampling &sampling, std::span<float> scores);

/// A number from 0 to below 1 for the step-th new id of a row, both counted from
/// 0: mix(mix(seed + (row + 1) g) + (step + 1) g) >> 11, times 2^-53, where
/// g = 0x9e3779b97f4a7c15 and mix is that of SplitMix64:
///   x ^= x >> 30; x *= 0xbf58476d1ce4e5b9; x ^= x >> 27; x *= 0x94d049bb133111eb; x ^= x >> 31
/// Rows do not depend on how many there are.
double randomOf(uint64_t seed, uint64_t row, uint64_t step);

/// The first id at which the sum of exp(score - greatest), ids ascending, is more
/// than `random` times the whole sum; in f64. Some score is finite, none is NaN or infinity.
size_t draw(std::span<const float> scores, double random);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_SAMPLE_H
