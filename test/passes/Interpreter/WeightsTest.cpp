// Expressions over weights, seen as parameters.
#include "Model.h"

#include <cmath>

using namespace ptx::interp;

// One parameter @p of type `type` over W [3,2], b [3] and the slot of W.
static Array parameter(const std::string &type, const std::string &ops, const std::string &adapter = "") {
  Model model(R"(
    !w = !xf.weight<3x2xf32>
    !b = !xf.weight<3xf32>
    !slot = !xf.low_rank<3x2>
    xf.weight @W : !w
    xf.weight @b : !b
    xf.adapter @lora { xf.delta @W linear rank 1 scale 2.0 bias }
    xf.adapter @dora { xf.delta @W linear rank 1 scale 2.0 dora }
    xf.parameter @p : )" +
              type + R"( {
      %w = xf.use @W : !w
      %b = xf.use @b : !b
      %s = xf.slot @W : !slot
    )" + ops +
              " xf.yield %p : " + type + "}");
  model.weights["W"] = matrix({3, 2}, {1, 2, 3, 4, 5, 6});
  model.weights["b"] = matrix({3}, {7, 8, 9});
  Factors factors;
  factors.a = matrix({1, 2}, {1, -1});
  factors.b = matrix({3, 1}, {0, 1, 2});
  factors.scale = 2.0;
  factors.vectors[ptx::xf::Factor::Bias] = matrix({3}, {1, 2, 3});
  model.factors[{"lora", "W"}] = factors;
  factors.vectors.clear();
  factors.vectors[ptx::xf::Factor::Magnitude] = matrix({3}, {std::sqrt(5.0), 29, 1});
  model.factors[{"dora", "W"}] = factors;
  model.adapter = adapter;
  return model.parameter("p");
}

static const std::string panels = "!xf.packed<matrix, 3x2xf32>";
static const std::string mergeAndPack = R"(
      %0 = xf.merge %w, %s linear : !w, !slot -> !w
      %p = xf.pack %0 : !w -> !xf.packed<matrix, 3x2xf32>)";

TEST(Weights, Merge) {
  expectNear(parameter(panels, mergeAndPack), matrix({3, 2}, {1, 2, 3, 4, 5, 6}), 0);
  expectNear(parameter(panels, mergeAndPack, "lora"), matrix({3, 2}, {1, 2, 5, 2, 9, 2}));
}

// Rows of W + s B A are [1,2], [5,2], [9,2] with norms sqrt 5, 29, 85.
TEST(Weights, MergeDora) {
  double g1 = 29 / std::sqrt(29.0), g2 = 1 / std::sqrt(85.0);
  expectNear(parameter(panels, mergeAndPack, "dora"), matrix({3, 2}, {1, 2, 5 * g1, 2 * g1, 9 * g2, 2 * g2}));
  const char *gain = R"(
      %0 = xf.output_gain %w, %s linear : !w, !slot -> !xf.weight<3xf32>
      %p = xf.pack %0 : !xf.weight<3xf32> -> !xf.packed<vector, 3x1xf32>)";
  const char *vector = "!xf.packed<vector, 3x1xf32>";
  expectNear(parameter(vector, gain, "dora"), matrix({3}, {1, g1, g2}));
  expectNear(parameter(vector, gain, "lora"), matrix({3}, {1, 1, 1}), 0);
  expectNear(parameter(vector, gain), matrix({3}, {1, 1, 1}), 0);
}

TEST(Weights, MergeBias) {
  const char *ops = R"(
      %0 = xf.merge_bias %b, %s : !b, !slot -> !b
      %p = xf.pack %0 : !b -> !xf.packed<vector, 3x1xf32>)";
  const char *vector = "!xf.packed<vector, 3x1xf32>";
  expectNear(parameter(vector, ops), matrix({3}, {7, 8, 9}), 0);
  expectNear(parameter(vector, ops, "lora"), matrix({3}, {9, 12, 15}));
  expectNear(parameter(vector, ops, "dora"), matrix({3}, {7, 8, 9}), 0);
}

// x + -0.0 is x for every x, -0.0 too.
TEST(Weights, ZeroBias) {
  Array zero = parameter("!xf.packed<vector, 3x1xf32>", R"(
      %0 = xf.zero_bias : !b
      %p = xf.pack %0 : !b -> !xf.packed<vector, 3x1xf32>)");
  ASSERT_EQ(zero.values.size(), 3u);
  EXPECT_TRUE(std::signbit(zero.values[1]));
}

TEST(Weights, Factors) {
  const char *a = "%p = xf.factor_a %s linear : !slot -> !xf.packed<matrix, ?x2xf32>";
  const char *table = "%p = xf.factor_a %s embedding : !slot -> !xf.packed<table, 2x?xf32>";
  const char *b = "%p = xf.factor_b %s : !slot -> !xf.packed<matrix, 3x?xf32>";
  const char *part = "%p = xf.factor_b %s rows [1, 3] : !slot -> !xf.packed<matrix, 2x?xf32>";
  expectNear(parameter("!xf.packed<matrix, ?x2xf32>", a, "lora"), matrix({1, 2}, {1, -1}));
  expectNear(parameter("!xf.packed<table, 2x?xf32>", table, "lora"), matrix({2, 1}, {1, -1}));
  expectNear(parameter("!xf.packed<matrix, 3x?xf32>", b, "lora"), matrix({3, 1}, {0, 2, 4}));
  expectNear(parameter("!xf.packed<matrix, 2x?xf32>", part, "lora"), matrix({2, 1}, {2, 4}));
  expectNear(parameter("!xf.packed<matrix, ?x2xf32>", a), Array({0, 2}));
  expectNear(parameter("!xf.packed<matrix, 3x?xf32>", b), Array({3, 0}));
}

TEST(Weights, Pack) {
  expectNear(parameter("!xf.packed<matrix, 2x3xf32>", R"(
      %p = xf.pack %w in_out : !w -> !xf.packed<matrix, 2x3xf32>)"),
             matrix({2, 3}, {1, 3, 5, 2, 4, 6}));
  expectNear(parameter("!xf.packed<matrix, 1x3xf32>", R"(
      %p = xf.pack %w in_out rows [1, 2] : !w -> !xf.packed<matrix, 1x3xf32>)"),
             matrix({1, 3}, {2, 4, 6}));
  expectNear(parameter("!xf.packed<vector, 2x1xf32>", R"(
      %p = xf.pack %b rows [1, 3] : !b -> !xf.packed<vector, 2x1xf32>)"),
             matrix({2}, {8, 9}));
}

// angle p / 10000^(2j/4): 1 and 1/100.
TEST(Weights, Sinusoid) {
  expectNear(parameter("!xf.packed<table, 2x4xf32>", R"(
      %0 = xf.sinusoid : !xf.weight<2x4xf32>
      %p = xf.pack %0 : !xf.weight<2x4xf32> -> !xf.packed<table, 2x4xf32>)"),
             matrix({2, 4}, {0, 1, 0, 1, std::sin(1.0), std::cos(1.0), std::sin(0.01), std::cos(0.01)}));
}

// A zero delta keeps the very bits, -0.0 too.
TEST(Weights, MergeEdges) {
  Model model(R"(
    !w = !xf.weight<1x2xf32>
    !slot = !xf.low_rank<1x2>
    xf.weight @W : !w
    xf.adapter @zero { xf.delta @W linear rank 1 scale 1.0 }
    xf.parameter @p : !xf.packed<matrix, 1x2xf32> {
      %w = xf.use @W : !w
      %s = xf.slot @W : !slot
      %0 = xf.merge %w, %s linear : !w, !slot -> !w
      %1 = xf.pack %0 : !w -> !xf.packed<matrix, 1x2xf32>
      xf.yield %1 : !xf.packed<matrix, 1x2xf32>
    }
    )");
  model.weights["W"] = matrix({1, 2}, {-0.0, 3});
  Factors factors;
  factors.a = matrix({1, 2}, {5, 5});
  factors.b = matrix({1, 1}, {0});
  model.factors[{"zero", "W"}] = factors;
  model.adapter = "zero";
  Array p = model.parameter("p");
  EXPECT_TRUE(std::signbit(p.values[0]));
  EXPECT_EQ(p.values[1], 3.0);
}
