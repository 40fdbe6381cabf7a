#include "frontends/ptx-compile/CheckFinite.h"

#include "runtime/io/convert.h"
#include "runtime/io/file.h"

#include <cmath>

namespace ptx {

static Status checkTensor(const StoredTensor &tensor) {
  Result<File> file = File::open(tensor.file);
  if (!file)
    return file.error();
  constexpr uint64_t step = 1u << 18; // values at once: memory stays bounded
  uint64_t width = dtypeBits(tensor.dtype) / 8, count = tensor.bytes / width;
  std::vector<char> bytes(std::min(step, count) * width);
  std::vector<float> values(std::min(step, count));
  for (uint64_t done = 0; done < count; done += step) {
    uint64_t size = std::min(step, count - done);
    if (Status status = file->readAt(tensor.offset + done * width, bytes.data(), size * width); !status)
      return status;
    widen(tensor.dtype, bytes.data(), values.data(), size);
    for (uint64_t i = 0; i < size; ++i)
      if (!std::isfinite(values[i]))
        return Error{"'" + printable(tensor.file) + "': tensor '" + printable(tensor.name) + "' is " +
                     std::to_string(values[i]) + " at index " + std::to_string(done + i) +
                     ", expected finite values (--check-finite)"};
  }
  return {};
}

Status checkFinite(const ParameterTable &table) {
  for (const auto &[name, tensor] : table.weights)
    if (Status status = checkTensor(tensor); !status)
      return status;
  for (const auto &[adapter, sites] : table.adapters)
    for (const auto &[site, delta] : sites)
      for (const auto &[key, tensor] : StoredDelta::tensors(delta))
        if (!tensor->file.empty())
          if (Status status = checkTensor(*tensor); !status)
            return status;
  return {};
}

} // namespace ptx
