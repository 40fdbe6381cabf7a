#include "runtime/ptx-run/Compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ptx::run {

Difference differenceOf(const std::vector<float> &own, const std::vector<float> &other, size_t width) {
  Difference found;
  for (size_t i = 0; i < own.size(); ++i) {
    double a = own[i], b = other[i];
    if (std::isfinite(a) && std::isfinite(b)) {
      found.largest = std::max(found.largest, std::abs(a - b));
      found.scale = std::max(found.scale, std::abs(b));
    } else if (a != b && !(std::isnan(a) && std::isnan(b))) {
      ++found.notFinite;
    }
  }
  for (size_t begin = 0; width && begin < own.size(); begin += width) {
    auto first = [&](const std::vector<float> &values) { return values.begin() + static_cast<std::ptrdiff_t>(begin); };
    auto last = [&](const std::vector<float> &values) { return first(values) + static_cast<std::ptrdiff_t>(width); };
    auto isZero = [](float value) { return value == 0; };
    if (std::all_of(first(own), last(own), isZero) && std::all_of(first(other), last(other), isZero))
      continue; // a position that is masked
    ++found.rows;
    auto taken = std::max_element(first(own), last(own)) - first(own);
    auto best = std::max_element(first(other), last(other)) - first(other);
    if (taken == best)
      ++found.agree;
    else
      found.margin = std::max(found.margin, static_cast<double>(first(other)[best]) - first(other)[taken]);
  }
  return found;
}

Status printComparison(const Outputs &own, const Outputs &other) {
  std::vector<size_t> places; // of the other's outputs
  for (size_t i = 0; i < own.names.size(); ++i) {
    places.push_back(std::find(other.names.begin(), other.names.end(), own.names[i]) - other.names.begin());
    if (places[i] == other.names.size())
      return Error{"--compare: the other has no output '" + own.names[i] + "'"};
    if (own.shapes[i] != other.shapes[places[i]])
      return Error{"--compare: output '" + own.names[i] + "' is " + shapeText(own.shapes[i]) + ", the other's " +
                   shapeText(other.shapes[places[i]])};
  }
  for (size_t i = 0; i < own.names.size(); ++i) {
    size_t width = own.shapes[i].empty() ? 1 : own.shapes[i].back();
    Difference found = differenceOf(own.values[i], other.values[places[i]], width);
    std::printf("%s %s: largest error %.3g, %.3g of the largest value; arg-max agrees in %zu of %zu rows",
                own.names[i].c_str(), shapeText(own.shapes[i]).c_str(), found.largest,
                found.scale > 0 ? found.largest / found.scale : found.largest, found.agree, found.rows);
    if (found.agree < found.rows)
      std::printf(", elsewhere by a margin of up to %.3g", found.margin);
    if (found.notFinite)
      std::printf("; %zu values are finite in one alone", found.notFinite);
    std::printf("\n");
  }
  return {};
}

} // namespace ptx::run
