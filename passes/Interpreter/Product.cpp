#include "passes/Interpreter/Product.h"

#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

using namespace ptx;
using namespace ptx::interp;

// The value in units of its last place, rounded to an integer.
double interp::roundTo(mlir::Type type, double value) {
  if (type.isF32() || value == 0 || !std::isfinite(value))
    return value;
  auto [digits, least, largest] = type.isBF16() ? std::tuple(8, -133, 0x1.fep127) : std::tuple(11, -24, 65504.0);
  int exponent;
  std::frexp(value, &exponent);
  int unit = std::max(exponent - digits, least);
  double result = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  return std::abs(result) > largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : result;
}

Array interp::rounded(Array array, mlir::Type type) {
  for (size_t i = 0; !type.isF32() && i < array.values.size(); ++i)
    array.values[i] = roundTo(type, array.values[i]);
  return array;
}

// Four sums side by side: in f64 their order is no matter, and it lets the
// compiler use vectors.
double interp::dot(const double *x, const double *y, int64_t count) {
  double sums[4] = {-0.0, -0.0, -0.0, -0.0};
  int64_t k = 0;
  for (; k + 4 <= count; k += 4)
    for (int64_t lane = 0; lane < 4; ++lane)
      sums[lane] += x[k + lane] * y[k + lane];
  for (; k < count; ++k)
    sums[0] += x[k] * y[k];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

Array interp::product(const Array &x, const Array &w, mlir::Type type) {
  if (!type.isF32())
    return product(rounded(x, type), rounded(w, type), mlir::Float32Type::get(type.getContext()));
  Array y(withColumns(x, w.shape[0]));
  for (int64_t m = 0; m < x.rows(); ++m)
    for (int64_t n = 0; n < w.shape[0]; ++n)
      y.at(m, n) = dot(x.row(m), w.row(n), w.columns());
  return y;
}

void interp::attend(const Array &q, const Array &k, const Array &v, Query query, int64_t heads, double scale,
                    mlir::Type type, Array &result) {
  if (query.keys.empty())
    return;
  int64_t width = q.columns() / heads;
  std::vector<double> weights(query.keys.size());
  for (int64_t h = 0; h < heads; ++h) {
    int64_t begin = h * width;
    for (size_t i = 0; i < weights.size(); ++i)
      weights[i] = scale * dot(q.row(query.row) + begin, k.row(query.keys[i]) + begin, width);
    double top = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double &weight : weights)
      sum += weight = std::exp(weight - top);
    for (size_t i = 0; i < weights.size(); ++i)
      for (int64_t c = begin; c < begin + width; ++c)
        result.at(query.row, c) += roundTo(type, weights[i]) / sum * v.at(query.keys[i], c);
  }
}
