#include "runtime/core/factors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ptx {

static Status checkFinite(const std::vector<float> &values, const std::string &what) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      return Error{what + " is not finite at index " + std::to_string(i)};
  return {};
}

static double largestOf(const Matrix &matrix) {
  float most = 0;
  for (float value : matrix.values)
    most = std::max(most, std::abs(value));
  return static_cast<double>(most);
}

Status checkFactors(const Matrix &a, const Matrix &b, float scale) {
  if (Status status = checkFinite(a.values, "factor A"); !status)
    return status;
  if (Status status = checkFinite(b.values, "factor B"); !status)
    return status;
  double bound =
      static_cast<double>(a.rows) * std::max(1.0, std::abs(static_cast<double>(scale))) * largestOf(a) * largestOf(b);
  if (bound < std::numeric_limits<float>::max())
    return {};
  for (uint64_t o = 0; o < b.rows; ++o) {
    std::vector<float> row(a.columns);
    for (uint64_t r = 0; r < a.rows && r < b.columns; ++r)
      for (uint64_t c = 0; c < a.columns; ++c)
        row[c] += b.values[o * b.columns + r] * a.values[r * a.columns + c];
    for (float &value : row)
      value *= scale;
    if (Status status = checkFinite(row, "output " + std::to_string(o) + ": the product of the factors"); !status)
      return status;
  }
  return {};
}

} // namespace ptx
