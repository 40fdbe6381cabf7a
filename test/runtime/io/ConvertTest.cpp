#include "runtime/io/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

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

// Every value between two neighbours goes to the nearer, the middle to the even one.
template <typename Narrow, typename Widen> void expectNearest(Narrow narrow, Widen widen, uint32_t infinity) {
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    float low = widen(static_cast<uint16_t>(bits));
    // Behind the largest value lies what would be the next.
    double high = bits + 1 < infinity ? widen(static_cast<uint16_t>(bits + 1))
                                      : 2.0 * low - widen(static_cast<uint16_t>(bits - 1));
    auto middle = static_cast<float>((low + high) / 2);
    for (uint32_t sign : {0u, 0x8000u}) {
      float one = sign ? -1.0f : 1.0f;
      ASSERT_EQ(narrow(one * low), sign | bits);
      ASSERT_EQ(narrow(one * std::nextafter(middle, low)), sign | bits) << bits;
      ASSERT_EQ(narrow(one * middle), sign | (bits + bits % 2)) << bits;
      ASSERT_EQ(narrow(one * std::nextafter(middle, INFINITY)), sign | (bits + 1)) << bits;
    }
  }
  EXPECT_EQ(narrow(INFINITY), infinity);
  EXPECT_EQ(narrow(-INFINITY), infinity | 0x8000u);
  EXPECT_EQ(narrow(std::numeric_limits<float>::max()), infinity);
  for (uint32_t nan : {0x7fc00000u, 0x7f800001u, 0x7fffffffu, 0xff800001u})
    EXPECT_TRUE(std::isnan(widen(narrow(std::bit_cast<float>(nan))))) << nan;
}

TEST(Narrow, F16) { expectNearest(narrowF16, widenF16, 0x7c00); }
TEST(Narrow, BF16) { expectNearest(narrowBF16, widenBF16, 0x7f80); }

} // namespace
