// The scalar operations of regions.
#include "Model.h"

#include <cmath>

using namespace ptx::interp;

// `ops` make %r of %v for each element of [-1.5, 0.25, 0.5, 2].
static Array mapped(const std::string &ops) {
  Model model(rows("", R"(
      %y = stage.map %x {
      ^bb0(%v: f32):
        %half = arith.constant 0.5 : f32
        )" + ops + R"(
        xf.yield %r : f32
      } : !r -> !r
      xf.output "y" %y : !r)"));
  model.weights["E"] = Array({8, 4});
  const double row[] = {-1.5, 0.25, 0.5, 2};
  std::copy(row, row + 4, model.weights["E"].values.begin());
  return model.run({{"ids", integers({1, 1}, {0})}})["y"];
}

static void expectMapped(const std::string &ops, double (*f)(double)) {
  SCOPED_TRACE(ops);
  expectNear(mapped(ops), matrix({1, 4}, {f(-1.5), f(0.25), f(0.5), f(2)}), 1e-15);
}

// Every scalar operation.
TEST(Regions, Scalars) {
  auto absolute = std::string("%a = math.absf %v : f32\n");
  expectMapped("%r = arith.addf %v, %half : f32", [](double v) { return v + 0.5; });
  expectMapped("%r = arith.subf %v, %half : f32", [](double v) { return v - 0.5; });
  expectMapped("%r = arith.mulf %v, %half : f32", [](double v) { return v * 0.5; });
  expectMapped("%r = arith.divf %half, %v : f32", [](double v) { return 0.5 / v; });
  expectMapped("%r = arith.negf %v : f32", [](double v) { return -v; });
  expectMapped("%r = arith.maximumf %v, %half : f32", [](double v) { return std::max(v, 0.5); });
  expectMapped("%r = arith.minimumf %v, %half : f32", [](double v) { return std::min(v, 0.5); });
  expectMapped("%r = arith.maxnumf %v, %half : f32", [](double v) { return std::max(v, 0.5); });
  expectMapped("%r = arith.minnumf %v, %half : f32", [](double v) { return std::min(v, 0.5); });
  expectMapped("%r = math.exp %v : f32", [](double v) { return std::exp(v); });
  expectMapped("%r = math.erf %v : f32", [](double v) { return std::erf(v); });
  expectMapped("%r = math.tanh %v : f32", [](double v) { return std::tanh(v); });
  expectMapped(absolute + "%r = math.sqrt %a : f32", [](double v) { return std::sqrt(std::fabs(v)); });
  expectMapped(absolute + "%r = math.rsqrt %a : f32", [](double v) { return 1 / std::sqrt(std::fabs(v)); });
  expectMapped("%r = math.fma %v, %v, %half : f32", [](double v) { return v * v + 0.5; });
  expectMapped("%r = math.copysign %half, %v : f32", [](double v) { return std::copysign(0.5, v); });
}

TEST(Regions, CompareAndSelect) {
  expectMapped(R"(%c = arith.cmpf ogt, %v, %half : f32
        %r = arith.select %c, %v, %half : f32)",
               [](double v) { return v > 0.5 ? v : 0.5; });
  expectMapped(R"(%zero = arith.constant 0.0 : f32
        %nan = arith.divf %zero, %zero : f32
        %c = arith.cmpf uno, %v, %nan : f32
        %m = arith.maxnumf %v, %nan : f32
        %r = arith.select %c, %m, %half : f32)",
               [](double v) { return v; });
}

// maximumf orders -0.0 before 0.0 and hands a NaN on: 0.5 / 0.0 is above 0,
// and a NaN is no number.
TEST(Regions, MaximumOfZerosAndNan) {
  const std::string head = R"(%p = arith.constant 0.0 : f32
        %n = arith.constant -0.0 : f32
        %nan = arith.divf %p, %p : f32
        )";
  for (const char *pair : {"%p, %n", "%n, %p"})
    expectMapped(head + "%m = arith.maximumf " + pair + R"( : f32
        %q = arith.divf %half, %m : f32
        %c = arith.cmpf ogt, %q, %p : f32
        %r = arith.select %c, %v, %p : f32)",
                 [](double v) { return v; });
  expectMapped(head + R"(%m = arith.minimumf %v, %nan : f32
        %c = arith.cmpf uno, %m, %m : f32
        %r = arith.select %c, %v, %p : f32)",
               [](double v) { return v; });
}
