#include "runtime/generate/logits.h"

#include <algorithm>
#include <cstring>

namespace ptx {

Result<const float *> logitsOf(std::span<const ptx_tensor> results, std::span<const uint64_t> shape) {
  auto result = std::ranges::find_if(results, [](auto &tensor) { return std::strcmp(tensor.name, "logits") == 0; });
  if (result != results.end() && std::ranges::equal(std::span(result->dims, result->rank), shape))
    return static_cast<const float *>(result->data);
  std::string wanted;
  for (uint64_t dim : shape)
    wanted += (wanted.empty() ? "" : ",") + std::to_string(dim);
  return Error{"generation: the device's logits are not [" + wanted + "]", Cause::Program};
}

} // namespace ptx
