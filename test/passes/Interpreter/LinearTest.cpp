// Linears without adapters, by hand.
#include "Model.h"

using namespace ptx::interp;

static const Inputs one = {{"ids", integers({1, 1}, {0})}};

// y = x W^T + b by hand, x = [1, 2, 3, 4].
TEST(Linear, ByHand) {
  Model model(lookup(R"(
    xf.weight @W : !xf.weight<2x4xf32>
    xf.weight @b : !xf.weight<2xf32>)",
                     R"(
    %w = xf.use @W : !xf.weight<2x4xf32>
    %b = xf.use @b : !xf.weight<2xf32>
    %y = xf.linear %x, %w bias %b : !x, !xf.weight<2x4xf32>, !xf.weight<2xf32> -> tensor<?x?x2xf32>
    %z = xf.linear %x, %w rows [1, 2] : !x, !xf.weight<2x4xf32> -> tensor<?x?x1xf32>
    %u = xf.linear %x, %w bias %b rows [1, 2] : !x, !xf.weight<2x4xf32>, !xf.weight<2xf32> -> tensor<?x?x1xf32>
    xf.output "y" %y : tensor<?x?x2xf32>
    xf.output "z" %z : tensor<?x?x1xf32>
    xf.output "u" %u : tensor<?x?x1xf32>)"));
  model.weights["E"] = Array({8, 4});
  model.weights["E"].values = {1, 2, 3, 4};
  model.weights["E"].values.resize(32);
  model.weights["W"] = matrix({2, 4}, {1, 0, 1, 0, 0, 1, 0, -1});
  model.weights["b"] = matrix({2}, {10, 20});
  Outputs outputs = model.run(one);
  expectNear(outputs["y"], matrix({1, 1, 2}, {14, 18}));
  expectNear(outputs["z"], matrix({1, 1, 1}, {-2}));
  expectNear(outputs["u"], matrix({1, 1, 1}, {18}));
}

// A weight stored [IN,OUT], whole and in part: rows count outputs.
TEST(Linear, InOut) {
  Model model(lookup(R"(xf.weight @W : !xf.weight<4x3xf32>)", R"(
    %w = xf.use @W : !xf.weight<4x3xf32>
    %y = xf.linear %x, %w in_out : !x, !xf.weight<4x3xf32> -> tensor<?x?x3xf32>
    %z = xf.linear %x, %w in_out rows [1, 3] : !x, !xf.weight<4x3xf32> -> tensor<?x?x2xf32>
    xf.output "y" %y : tensor<?x?x3xf32>
    xf.output "z" %z : tensor<?x?x2xf32>)"));
  model.weights["E"] = Array({8, 4}, 1.0);
  model.weights["W"] = matrix({4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  Outputs outputs = model.run(one);
  expectNear(outputs["y"], matrix({1, 1, 3}, {22, 26, 30}));
  expectNear(outputs["z"], matrix({1, 1, 2}, {26, 30}));
}
