// The one place where sizes from files are multiplied and added.
#ifndef PTX_RUNTIME_IO_CHECKED_H
#define PTX_RUNTIME_IO_CHECKED_H

#include <cstdint>
#include <optional>

namespace ptx {

inline std::optional<uint64_t> checkedAdd(uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    return std::nullopt;
  return sum;
}

inline std::optional<uint64_t> checkedMul(uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    return std::nullopt;
  return product;
}

} // namespace ptx

#endif // PTX_RUNTIME_IO_CHECKED_H
