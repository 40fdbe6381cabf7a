#include "runtime/generate/stepper.h"

#include "runtime/generate/logits.h"

namespace ptx {

Result<std::span<const int32_t>> Stepper::greatest() {
  Result<Logits> all = logits();
  if (!all)
    return all.error();
  ids.clear();
  for (size_t text = 0; text * all->width < all->values.size(); ++text)
    ids.push_back(greatestOf(all->of(text)));
  return std::span<const int32_t>(ids);
}

} // namespace ptx
