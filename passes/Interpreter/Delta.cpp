#include "passes/Interpreter/Delta.h"

#include <cmath>

using namespace ptx;
using namespace ptx::interp;

Array interp::delta(const Factors &factors) {
  int64_t out = factors.b.shape[0], in = factors.a.shape[1];
  int64_t rank = factors.a.shape[0];
  Array result({out, in});
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i) {
      double sum = 0;
      for (int64_t r = 0; r < rank; ++r)
        sum += factors.b.at(o, r) * factors.a.at(r, i);
      result.at(o, i) = factors.scale * sum;
    }
  return result;
}

// W + D, without the gain.
static Array sum(const Array &w, const Factors &factors, Orientation orientation) {
  Array d = delta(factors);
  Array result = w;
  for (int64_t o = 0; o < d.shape[0]; ++o)
    for (int64_t i = 0; i < d.shape[1]; ++i)
      if (double change = d.at(o, i); change != 0.0)
        (orientation == Orientation::OutIn ? result.at(o, i) : result.at(i, o)) += change;
  return result;
}

static Array gainOfSum(const Array &sum, const Factors &factors, Orientation orientation) {
  Array result({factors.b.shape[0]}, 1.0);
  const Array *magnitude = factors.find(xf::Factor::Magnitude), *scale = factors.find(xf::Factor::OutputScale);
  if (scale)
    result.values = scale->values;
  for (int64_t o = 0; magnitude && o < result.shape[0]; ++o) {
    double squares = 0;
    for (int64_t i = 0; i < factors.a.shape[1]; ++i) {
      double w = orientation == Orientation::OutIn ? sum.at(o, i) : sum.at(i, o);
      squares += w * w;
    }
    result.values[o] *= magnitude->values[o] / std::sqrt(squares);
  }
  return result;
}

Array interp::gain(const Array &w, const Factors &factors, Orientation orientation) {
  return gainOfSum(sum(w, factors, orientation), factors, orientation);
}

Array interp::merged(const Array &w, const Factors &factors, Orientation orientation) {
  Array result = sum(w, factors, orientation);
  Array g = gainOfSum(result, factors, orientation);
  const Array *h = factors.find(xf::Factor::InputScale);
  for (int64_t o = 0; o < factors.b.shape[0]; ++o)
    for (int64_t i = 0; i < factors.a.shape[1]; ++i)
      (orientation == Orientation::OutIn ? result.at(o, i) : result.at(i, o)) *= g.values[o] * (h ? h->values[i] : 1);
  return result;
}
