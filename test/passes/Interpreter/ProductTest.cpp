// How the oracle rounds operands of products. In C++ for what it is compared with: the runtime, at many values.
#include "passes/Interpreter/Product.h"
#include "runtime/io/convert.h"

#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace ptx::interp {
namespace {

// Of values of f32 the result is what the runtime packs.
TEST(Rounding, AgreesWithTheRuntime) {
  mlir::MLIRContext context;
  mlir::Builder builder(&context);
  std::mt19937 random(3);
  for (int i = 0; i < 200000; ++i) {
    auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (i % 2) // exponents that f16 has
      value = std::ldexp(static_cast<float>(static_cast<int32_t>(random())), static_cast<int>(random() % 48) - 60);
    if (std::isnan(value))
      continue;
    ASSERT_EQ(roundTo(builder.getBF16Type(), value), widenBF16(narrowBF16(value))) << value;
    ASSERT_EQ(roundTo(builder.getF16Type(), value), widenF16(narrowF16(value))) << value;
    ASSERT_EQ(roundTo(builder.getF32Type(), value), value);
  }
}

} // namespace
} // namespace ptx::interp
