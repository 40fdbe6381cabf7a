// What the device approximates, and what it may flush, in f32.
#ifndef PTX_RUNTIME_EMULATOR_MATH_H
#define PTX_RUNTIME_EMULATOR_MATH_H

#include <cmath>
#include <cstdint>
#include <limits>

namespace ptx::emulator {

/// x, or when asked to flush a subnormal x, zero with its sign.
inline float flushed(uint32_t flush, float x) {
  return flush && std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
}

/// A function of f32 numbers that flushes what it gets and what it gives.
template <typename Function, typename... Floats> float apply(uint32_t flush, Function function, Floats... x) {
  return flushed(flush, static_cast<float>(function(flushed(flush, x)...)));
}

/// The smaller or greater one; of a NaN and a number the number, unless NaNs are kept.
inline float minimumOf(bool keepNan, float x, float y) {
  if (keepNan && (std::isnan(x) || std::isnan(y)))
    return std::numeric_limits<float>::quiet_NaN();
  return x == y ? (std::signbit(x) ? x : y) : std::fmin(x, y); // -0 is below +0
}
inline float maximumOf(bool keepNan, float x, float y) { return -minimumOf(keepNan, -x, -y); }

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_MATH_H
