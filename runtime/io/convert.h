// 16-bit floats: exact widening to f32, and rounding from it to nearest, ties to
// even. Denormals, infinities and NaNs are kept.
#ifndef PTX_RUNTIME_IO_CONVERT_H
#define PTX_RUNTIME_IO_CONVERT_H

#include "runtime/io/dtype.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace ptx {

inline float widenBF16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

inline float widenF16(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) // infinity, NaN
    return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  if (magnitude >= 0x0400u) // normal: the exponent's bias grows by 112
    return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  float denormal = static_cast<float>(magnitude) * 0x1p-24f;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(denormal) | sign);
}

inline uint16_t narrowBF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
  uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);
  return static_cast<uint16_t>((isNan ? bits | 0x400000u : rounded) >> 16);
}

inline uint16_t narrowF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  uint32_t half;
  if (magnitude > 0x7f800000u) // NaN
    half = 0x7e00u | (magnitude >> 13 & 0x1ffu);
  else if (magnitude >= 0x477ff000u) // rounds to 2^16 or more
    half = 0x7c00u;
  else if (magnitude >= 0x38800000u) // normal
    half = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  else // the addition rounds to multiples of 2^-24
    half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  return static_cast<uint16_t>(sign | half);
}

/// Widens n stored values of a weight type; `source` need not be aligned.
inline void widen(DType dtype, const void *source, float *target, size_t n) {
  if (dtype == DType::F32) {
    std::memcpy(target, source, n * sizeof(float));
    return;
  }
  const char *bytes = static_cast<const char *>(source);
  for (size_t i = 0; i < n; ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes + 2 * i, sizeof bits);
    target[i] = dtype == DType::F16 ? widenF16(bits) : widenBF16(bits);
  }
}

} // namespace ptx

#endif // PTX_RUNTIME_IO_CONVERT_H
