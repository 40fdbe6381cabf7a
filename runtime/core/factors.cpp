#include "runtime/core/factors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ptx {

float largestOf(const Matrix &matrix) {
  // As integers: sizes of floats are in the order of their bits, and the loop has no branch.
  uint32_t most = 0;
  for (float value : matrix.values)
    most = std::max(most, std::bit_cast<uint32_t>(value) & 0x7fffffffu);
  return most >= 0x7f800000u ? std::numeric_limits<float>::infinity() : std::bit_cast<float>(most);
}

std::optional<size_t> firstNotFinite(const Matrix &matrix, float largest) {
  for (size_t i = 0; !std::isfinite(largest) && i < matrix.values.size(); ++i)
    if (!std::isfinite(matrix.values[i]))
      return i;
  return std::nullopt;
}

Status checkFactors(const Matrix &a, const Matrix &b, float scale) {
  float largestA = largestOf(a), largestB = largestOf(b);
  if (std::optional<size_t> index = firstNotFinite(a, largestA))
    return Error{"factor A is not finite at index " + std::to_string(*index)};
  if (std::optional<size_t> index = firstNotFinite(b, largestB))
    return Error{"factor B is not finite at index " + std::to_string(*index)};
  double bound =
      static_cast<double>(a.rows) * std::max(1.0, std::abs(static_cast<double>(scale))) * largestA * largestB;
  if (bound < std::numeric_limits<float>::max())
    return {};
  for (uint64_t o = 0; o < b.rows; ++o) {
    Matrix row{1, a.columns, std::vector<float>(a.columns)};
    for (uint64_t r = 0; r < a.rows && r < b.columns; ++r)
      for (uint64_t c = 0; c < a.columns; ++c)
        row.values[c] += b.values[o * b.columns + r] * a.values[r * a.columns + c];
    for (float &value : row.values)
      value *= scale;
    if (std::optional<size_t> index = firstNotFinite(row, largestOf(row)))
      return Error{"output " + std::to_string(o) + ": the product of the factors is not finite at index " +
                   std::to_string(*index)};
  }
  return {};
}

} // namespace ptx
