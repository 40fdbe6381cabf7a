#include "runtime/generate/logits.h"

#include <algorithm>
#include <cmath>

namespace ptx {

Status checkShape(const ptx_tensor &result, std::span<const uint64_t> shape) {
  if (std::ranges::equal(std::span(result.dims, result.rank), shape))
    return {};
  std::string wanted;
  for (uint64_t dim : shape)
    wanted += (wanted.empty() ? "" : ",") + std::to_string(dim);
  return Error{std::string("generation: the device's ") + result.name + " are not [" + wanted + "]", Cause::Program};
}

/// The first logit that is not finite, or the end.
static auto findFlaw(std::span<const float> logits) {
  return std::ranges::find_if(logits, [](float logit) { return !std::isfinite(logit); });
}

int32_t greatestOf(std::span<const float> logits) {
  auto flaw = findFlaw(logits);
  if (flaw != logits.end())
    return static_cast<int32_t>(-1 - (flaw - logits.begin()));
  return static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
}

static Error notFinite(int64_t id, size_t row) {
  return {"generation: the logit of id " + std::to_string(id) + " in row " + std::to_string(row) + " is not finite",
          Cause::Program};
}

Status checkFinite(std::span<const float> logits, size_t row) {
  auto flaw = findFlaw(logits);
  return flaw == logits.end() ? Status() : notFinite(flaw - logits.begin(), row);
}

Status checkFinite(int32_t greatest, size_t row) { return greatest >= 0 ? Status() : notFinite(-1 - greatest, row); }

} // namespace ptx
