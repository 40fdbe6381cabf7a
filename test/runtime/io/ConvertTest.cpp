#include "runtime/io/convert.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace ptx;

namespace {

TEST(Widen, F16) {
  EXPECT_EQ(widenF16(0x3c00), 1.0f);
  EXPECT_EQ(widenF16(0xc000), -2.0f);
  EXPECT_EQ(widenF16(0x7bff), 65504.0f);
  EXPECT_EQ(widenF16(0x0001), 0x1p-24f); // the least denormal
  EXPECT_EQ(widenF16(0x83ff), -1023 * 0x1p-24f);
  EXPECT_TRUE(std::signbit(widenF16(0x8000)));
  EXPECT_EQ(widenF16(0x7c00), INFINITY);
  EXPECT_TRUE(std::isnan(widenF16(0x7e00)));
}

// Every 16-bit pattern against the definition.
TEST(Widen, F16Exhaustively) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    if (exponent == 31)
      continue;
    double value = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
    ASSERT_EQ(widenF16(static_cast<uint16_t>(bits)), static_cast<float>(bits & 0x8000 ? -value : value)) << bits;
  }
}

TEST(Widen, BF16FromUnalignedBytes) {
  const char bytes[] = {0, '\x80', '\x3f', '\x00', '\xc0'};
  float values[2];
  widen(DType::BF16, bytes + 1, values, 2);
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], -2.0f);
}

} // namespace
