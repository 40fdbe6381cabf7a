// Where the oracle rounds operands of products.
#include "passes/Interpreter/Product.h"
#include "runtime/io/convert.h"
#include "test/passes/Interpreter/Model.h"

#include "mlir/IR/Builders.h"

#include <bit>
#include <cmath>

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

// 1 + 2^-9 is not a bf16: x, the packed weight and, separately, x A^T are rounded.
TEST(Rounding, OperandsOfALinear) {
  for (const char *in : {"", "in bf16"}) {
    Model model(std::string(R"(
      xf.weight @W : !xf.weight<1x2xf32>
      xf.function @f {
        %ids = xf.input "ids" ["B", "S"] limit 4 : tensor<?x?xi64>
        %m = xf.visible %ids max_length 4 : tensor<?x?xi64> -> tensor<?x?xi1>
        %t = xf.use @T : !xf.weight<4x2xf32>
        %x = xf.embedding %ids, %t where %m : tensor<?x?xi64>, !xf.weight<4x2xf32>, tensor<?x?xi1> -> tensor<?x?x2xf32>
        %w = xf.use @W : !xf.weight<1x2xf32>
        %y = xf.linear %x, %w )") +
                in + R"( : tensor<?x?x2xf32>, !xf.weight<1x2xf32> -> tensor<?x?x1xf32>
        xf.output "y" %y where %m : tensor<?x?x1xf32>, tensor<?x?xi1>
      }
      xf.weight @T : !xf.weight<4x2xf32>)");
    double a = 1 + 0x1p-9, b = 1 + 3 * 0x1p-8; // to 1, and to 1 + 2^-6
    model.weights["T"] = matrix({4, 2}, {a, b, 0, 0, 0, 0, 0, 0});
    model.weights["W"] = matrix({1, 2}, {b, a});
    Outputs outputs = model.run({{"ids", integers({1, 1}, {0})}});
    EXPECT_EQ(outputs["y"].values.at(0), *in ? 2 * (1 + 0x1p-6) : 2 * a * b);
  }
}

} // namespace
} // namespace ptx::interp
