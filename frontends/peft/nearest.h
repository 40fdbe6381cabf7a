// Names close to a wrong one, for messages.
#ifndef PTX_FRONTENDS_PEFT_NEAREST_H
#define PTX_FRONTENDS_PEFT_NEAREST_H

#include <algorithm>
#include <string>
#include <vector>

namespace ptx::peft {

/// Levenshtein distance.
inline size_t editDistance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

/// The `count` of `names` closest to `name`. Very long names are compared by their ends.
inline std::vector<std::string> nearest(const std::string &name, std::vector<std::string> names, size_t count) {
  constexpr size_t compared = 256;
  std::string tail = name.size() > compared ? name.substr(name.size() - compared) : name;
  std::vector<std::pair<size_t, std::string>> ranked;
  for (std::string &other : names)
    ranked.emplace_back(editDistance(tail, other), std::move(other));
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> found;
  for (size_t i = 0; i < ranked.size() && i < count; ++i)
    found.push_back(std::move(ranked[i].second));
  return found;
}

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_NEAREST_H
