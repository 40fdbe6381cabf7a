// Operations on each element or row by itself.
#include "Model.h"

#include <cmath>

using namespace ptx::interp;

// One row through `ops`, which outputs "y".
static Array through(const std::string &symbols, const std::string &ops, std::vector<double> row,
                     const std::map<std::string, Array> &weights = {}) {
  Model model(lookup(symbols, ops));
  model.weights = weights;
  model.weights["E"] = Array({8, 4});
  std::copy(row.begin(), row.end(), model.weights["E"].values.begin());
  return model.run({{"ids", integers({1, 1}, {0})}})["y"];
}

// mean 2.5, biased variance 1.25.
TEST(Compute, LayerNorm) {
  double unit = 1.0 / std::sqrt(1.25 + 0.5);
  expectNear(through("", R"(
      %y = xf.layer_norm %x eps 0.5 : !x
      xf.output "y" %y : !x)",
                     {1, 2, 3, 4}),
             matrix({1, 1, 4}, {-1.5 * unit, -0.5 * unit, 0.5 * unit, 1.5 * unit}));
  expectNear(through(R"(
      xf.weight @g : !xf.weight<4xf32>
      xf.weight @b : !xf.weight<4xf32>)",
                     R"(
      %g = xf.use @g : !xf.weight<4xf32>
      %b = xf.use @b : !xf.weight<4xf32>
      %y = xf.layer_norm %x gamma %g beta %b eps 0.5 : !x gamma !xf.weight<4xf32> beta !xf.weight<4xf32>
      xf.output "y" %y : !x)",
                     {1, 2, 3, 4}, {{"g", matrix({4}, {1, 2, 3, 4})}, {"b", matrix({4}, {10, 20, 30, 40})}}),
             matrix({1, 1, 4}, {10 - 1.5 * unit, 20 - unit, 30 + 1.5 * unit, 40 + 6 * unit}));
}

static Array activated(const std::string &kind) {
  return through("", "%y = xf.activation " + kind + " %x : !x\n xf.output \"y\" %y : !x", {-1, 0, 1, 2});
}

// Values of the literature, to seven digits.
TEST(Compute, Activations) {
  expectNear(activated("relu"), matrix({1, 1, 4}, {0, 0, 1, 2}));
  expectNear(activated("gelu"), matrix({1, 1, 4}, {-0.1586553, 0, 0.8413447, 1.9544997}), 1e-7);
  expectNear(activated("gelu_tanh"), matrix({1, 1, 4}, {-0.1588080, 0, 0.8411920, 1.9545977}), 1e-7);
  expectNear(activated("silu"), matrix({1, 1, 4}, {-0.2689414, 0, 0.7310586, 1.7615942}), 1e-7);
  expectNear(activated("tanh"), matrix({1, 1, 4}, {-0.7615942, 0, 0.7615942, 0.9640276}), 1e-7);
  expectNear(activated("relu2"), matrix({1, 1, 4}, {0, 0, 1, 4}));
}

TEST(Compute, ScaleColumnsResidual) {
  expectNear(through("", R"(
      %s = xf.scale %x by 2.0 : !x
      %r = arith.addf %s, %x : !x
      %y = xf.columns %r at 1 : !x -> tensor<?x?x2xf32>
      xf.output "y" %y : tensor<?x?x2xf32>)",
                     {1, 2, 3, 4}),
             matrix({1, 1, 2}, {6, 9}));
}

// A row of zeros stays zero.
TEST(Compute, L2Normalize) {
  const char *ops = R"(
      %y = xf.l2_normalize %x : !x
      xf.output "y" %y : !x)";
  expectNear(through("", ops, {3, 0, 4, 0}), matrix({1, 1, 4}, {.6, 0, .8, 0}));
  expectNear(through("", ops, {0, 0, 0, 0}), matrix({1, 1, 4}, {0, 0, 0, 0}));
}
