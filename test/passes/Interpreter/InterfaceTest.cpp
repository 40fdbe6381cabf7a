// What only a caller in C++ can get wrong, for ptx-interpret calls functions that are there, with tensors whose shape
// fits their values. Every other case is a .mlir file.
#include "passes/Interpreter/Interpreter.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace ptx::interp {
namespace {

class Interface : public testing::Test {
protected:
  Interface() { context.loadDialect<xf::XfDialect>(); }

  // The diagnostics of a call that must fail.
  std::string fail(const std::string &function, const Inputs &inputs) {
    std::string error;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diag) { error += diag.str(); });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
      xf.function @f {
        %ids = xf.input "ids" ["B", "S"] limit 8 : tensor<?x?xi64>
      })",
                                                          &context);
    EXPECT_TRUE(module) << error;
    EXPECT_TRUE(module && mlir::failed(Interpreter(*module, {}).call(function, inputs)));
    return error;
  }

  mlir::MLIRContext context;
};

TEST_F(Interface, UnknownFunction) { EXPECT_EQ(fail("g", {}), "has no function 'g'"); }

TEST_F(Interface, FewerValuesThanTheShapeSays) {
  EXPECT_EQ(fail("f", {{"ids", Integers({1, 2}, std::vector<int64_t>{0})}}),
            "'xf.input' op 'ids' has shape [1, 2] but 1 values");
}

} // namespace
} // namespace ptx::interp
