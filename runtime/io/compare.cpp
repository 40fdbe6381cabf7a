#include "runtime/io/compare.h"

#include "runtime/io/convert.h"
#include "runtime/io/file.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace ptx {

namespace {

constexpr uint64_t step = 1u << 18; // values at once

/// Values [begin, begin + out.size()) of a tensor.
Status read(const File &file, const StoredValues &tensor, uint64_t begin, std::vector<float> &out) {
  uint64_t width = dtypeBits(tensor.dtype) / 8;
  std::vector<char> bytes(out.size() * width);
  if (Status status = file.readAt(tensor.offset + begin * width, bytes.data(), bytes.size()); !status)
    return status;
  widen(tensor.dtype, bytes.data(), out.data(), out.size());
  return {};
}

} // namespace

Result<std::optional<uint64_t>> firstDifference(const StoredValues &a, const StoredValues &b) {
  Result<File> left = File::open(a.path), right = File::open(b.path);
  if (!left)
    return left.error();
  if (!right)
    return right.error();
  for (uint64_t done = 0; done < a.count; done += step) {
    std::vector<float> x(std::min(step, a.count - done)), y(x.size());
    if (Status status = read(*left, a, done, x); !status)
      return status.error();
    if (Status status = read(*right, b, done, y); !status)
      return status.error();
    for (uint64_t i = 0; i < x.size(); ++i)
      if (std::bit_cast<uint32_t>(x[i]) != std::bit_cast<uint32_t>(y[i]))
        return std::optional(done + i);
  }
  return std::optional<uint64_t>();
}

} // namespace ptx
