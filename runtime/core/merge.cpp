#include "runtime/core/merge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ptx {

namespace {

std::string shape(const Matrix &m) { return "[" + std::to_string(m.rows) + "," + std::to_string(m.columns) + "]"; }

Status checkFinite(const Matrix &m, const char *what, const std::string &where) {
  for (size_t i = 0; i < m.values.size(); ++i)
    if (!std::isfinite(m.values[i]))
      return Error{where + ": " + what + " is not finite at index " + std::to_string(i)};
  return {};
}

/// One row of s B A: out[c] = s * sum_r b[r] a[r][c], r ascending.
void deltaRow(const float *b, uint64_t step, const Matrix &a, float scale, std::vector<float> &out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (uint64_t r = 0; r < a.rows; ++r) {
    float factor = b[r * step];
    const float *row = a.values.data() + r * a.columns;
    for (uint64_t c = 0; c < a.columns; ++c)
      out[c] += factor * row[c];
  }
  for (float &value : out)
    value *= scale;
}

/// W + s B A without DoRA's gain.
Matrix addDelta(const Matrix &weight, const LowRank &delta) {
  Matrix merged = weight;
  uint64_t outputs = delta.b.rows;
  std::vector<float> row(delta.a.columns);
  for (uint64_t o = 0; o < outputs; ++o) {
    deltaRow(delta.b.values.data() + o * delta.b.columns, 1, delta.a, delta.scale, row);
    // An embedding's outputs are its columns.
    uint64_t start = delta.embedding ? o : o * weight.columns, step = delta.embedding ? weight.columns : 1;
    for (uint64_t i = 0; i < row.size(); ++i)
      if (row[i] != 0.0f)
        merged.values[start + i * step] += row[i];
  }
  return merged;
}

Status checkShapes(const Matrix &weight, const LowRank &delta) {
  uint64_t out = delta.embedding ? weight.columns : weight.rows, in = delta.embedding ? weight.rows : weight.columns;
  if (delta.a.columns != in || delta.b.rows != out || delta.a.rows != delta.b.columns)
    return Error{delta.where + ": factors A " + shape(delta.a) + " and B " + shape(delta.b) + " do not fit a weight " +
                 shape(weight)};
  if (delta.magnitude.rows && delta.magnitude.values.size() != out)
    return Error{delta.where + ": the magnitude has " + std::to_string(delta.magnitude.values.size()) +
                 " values, expected " + std::to_string(out)};
  for (auto [matrix, what] : {std::pair(&weight, "the weight"), std::pair(&delta.a, "factor A"),
                              std::pair(&delta.b, "factor B"), std::pair(&delta.magnitude, "the magnitude")})
    if (Status status = checkFinite(*matrix, what, delta.where); !status)
      return status;
  return {};
}

/// m / norm of each output's merged weights.
std::vector<float> gains(const Matrix &merged, const LowRank &delta) {
  uint64_t out = delta.embedding ? merged.columns : merged.rows, in = delta.embedding ? merged.rows : merged.columns;
  std::vector<float> g(out);
  for (uint64_t o = 0; o < out; ++o) {
    double sum = 0;
    for (uint64_t i = 0; i < in; ++i) {
      double value = delta.embedding ? merged.values[i * out + o] : merged.values[o * in + i];
      sum += value * value;
    }
    g[o] = static_cast<float>(delta.magnitude.values[o] / std::sqrt(sum));
  }
  return g;
}

} // namespace

Status checkFactors(const LowRank &delta) {
  for (auto [matrix, what] : {std::pair(&delta.a, "factor A"), std::pair(&delta.b, "factor B")})
    if (Status status = checkFinite(*matrix, what, delta.where); !status)
      return status;
  // Only a product that may overflow is worth computing.
  auto largest = [](const Matrix &m) {
    float most = 0;
    for (float value : m.values)
      most = std::max(most, std::abs(value));
    return static_cast<double>(most);
  };
  double rank = static_cast<double>(delta.a.rows);
  double scale = std::max(1.0, std::abs(static_cast<double>(delta.scale)));
  if (rank * scale * largest(delta.a) * largest(delta.b) < std::numeric_limits<float>::max())
    return {};
  Matrix row{1, delta.a.columns, std::vector<float>(delta.a.columns)};
  for (uint64_t o = 0; o < delta.b.rows; ++o) {
    deltaRow(delta.b.values.data() + o * delta.b.columns, 1, delta.a, delta.scale, row.values);
    if (Status status = checkFinite(row, "the product of the factors", delta.where + ", output " + std::to_string(o));
        !status)
      return status;
  }
  return {};
}

Result<Matrix> mergeLowRank(const Matrix &weight, const LowRank &delta) {
  if (Status status = checkShapes(weight, delta); !status)
    return status.error();
  Matrix merged = addDelta(weight, delta);
  if (delta.magnitude.rows) {
    std::vector<float> g = gains(merged, delta);
    for (uint64_t r = 0; r < merged.rows; ++r)
      for (uint64_t c = 0; c < merged.columns; ++c)
        merged.values[r * merged.columns + c] *= g[delta.embedding ? c : r];
  }
  if (Status status = checkFinite(merged, "the merged weight", delta.where); !status)
    return status.error();
  return merged;
}

Result<Matrix> doraGain(const Matrix &weight, const LowRank &delta) {
  if (Status status = checkShapes(weight, delta); !status)
    return status.error();
  std::vector<float> g = gains(addDelta(weight, delta), delta);
  Matrix gain{g.size(), 1, std::move(g)};
  if (Status status = checkFinite(gain, "DoRA's gain", delta.where); !status)
    return status.error();
  return gain;
}

Result<Matrix> mergeBias(const Matrix &bias, const Matrix &delta, float scale, const std::string &where) {
  if (bias.values.size() != delta.values.size())
    return Error{where + ": the bias delta has " + std::to_string(delta.values.size()) + " values, expected " +
                 std::to_string(bias.values.size())};
  Matrix merged = bias;
  for (size_t i = 0; i < merged.values.size(); ++i)
    if (float d = scale * delta.values[i]; d != 0.0f)
      merged.values[i] += d;
  if (Status status = checkFinite(merged, "the merged bias", where); !status)
    return status.error();
  return merged;
}

} // namespace ptx
