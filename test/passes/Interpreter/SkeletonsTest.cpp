// The skeletons of stage, each by hand or against another way to compute it.
#include "Model.h"

#include <cmath>

using namespace ptx::interp;

static const Inputs holes = {{"ids", integers({2, 3}, {1, 2, 3, 4, 5, 6})},
                             {"mask", integers({2, 3}, {0, 1, 1, 0, 0, 0})}};

// Two tables at once, positions as index, an extra; first rows, -1 as zeros.
TEST(Skeletons, Gather) {
  Model model(rows("", R"(
      %p = stage.positions %sp : !stage.space -> !i
      %y = stage.gather (%t, %t : !table, !table) at (%i, %p : !i, !i) extras(%x : !r) {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %0 = arith.mulf %a, %b : f32
        %1 = arith.subf %0, %c : f32
        xf.yield %1 : f32
      } -> !r
      %n = stage.first_rows %sp : !stage.space -> !is
      %z = stage.gather (%y : !r) at (%n : !is) {
      ^bb0(%a: f32):
        xf.yield %a : f32
      } -> !rs
      xf.output "y" %y : !r
      stage.output "z" %z over %sp : !rs, !stage.space)"));
  const Array &e = model.weights["E"] = noise({8, 4}, 1);
  Outputs outputs = model.run({{"ids", integers({2, 2}, {5, 6, 7, 4})}, {"mask", integers({2, 2}, {1, 0, 0, 1})}});
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(outputs["y"].at(0, c), e.at(5, c) * e.at(0, c) - e.at(5, c), 1e-15);
    EXPECT_NEAR(outputs["y"].at(1, c), e.at(4, c) * e.at(1, c) - e.at(4, c), 1e-15);
    EXPECT_EQ(outputs["z"].at(0, c), outputs["y"].at(0, c));
    EXPECT_EQ(outputs["z"].at(1, c), 0.0);
  }
}

static const char *const weights = R"(
    !w = !xf.weight<2x4xf32>
    !slot = !xf.low_rank<2x4>
    !panels = !xf.packed<matrix, 2x4xf32>
    !column = !xf.packed<vector, 2x1xf32>
    !a = !xf.packed<matrix, ?x4xf32>
    !b = !xf.packed<matrix, 2x?xf32>
    xf.weight @W : !w
    xf.weight @v : !xf.weight<2xf32>
    xf.adapter @lora { xf.delta @W linear rank 3 scale 0.5 }
    xf.parameter @w : !panels {
      %0 = xf.use @W : !w
      %1 = xf.pack %0 : !w -> !panels
      xf.yield %1 : !panels
    }
    xf.parameter @merged : !panels {
      %0 = xf.use @W : !w
      %1 = xf.slot @W : !slot
      %2 = xf.merge %0, %1 linear : !w, !slot -> !w
      %3 = xf.pack %2 : !w -> !panels
      xf.yield %3 : !panels
    }
    xf.parameter @bias : !column {
      %0 = xf.use @v : !xf.weight<2xf32>
      %1 = xf.pack %0 : !xf.weight<2xf32> -> !column
      xf.yield %1 : !column
    }
    xf.parameter @fa : !a {
      %0 = xf.slot @W : !slot
      %1 = xf.factor_a %0 linear : !slot -> !a
      xf.yield %1 : !a
    }
    xf.parameter @fb : !b {
      %0 = xf.slot @W : !slot
      %1 = xf.factor_b %0 : !slot -> !b
      xf.yield %1 : !b
    })";

/// Parameters NAME.merged and NAME.folded of a weight with a slot of 2x4.
static std::string folded(const std::string &name, const std::string &shape, const std::string &form,
                          const std::string &layout) {
  std::string weight = "!xf.weight<" + shape + "xf32>", packed = "!xf.packed<" + layout + ", " + shape + "xf32>";
  auto parameter = [&](const std::string &what, const std::string &type, const std::string &ops) {
    return "\nxf.parameter @" + name + "." + what + " : " + type + " {\n" + ops + "xf.yield %y : " + type + "\n}";
  };
  std::string use = "%w = xf.use @" + name + " : " + weight + "\n", slot = "%s = xf.slot @" + name + " : !slot\n";
  return parameter("base", packed, use + "%y = xf.pack %w : " + weight + " -> " + packed + "\n") +
         parameter("a", "!a", slot + "%y = xf.factor_a %s embedding : !slot -> !a\n") +
         parameter("b", "!b", slot + "%y = xf.factor_b %s : !slot -> !b\n") +
         parameter("merged", packed,
                   use + slot + "%m = xf.merge %w, %s " + form + " : " + weight + ", !slot -> " + weight +
                       "\n%y = xf.pack %m : " + weight + " -> " + packed + "\n") +
         parameter("folded", packed,
                   "%w = xf.get @" + name + ".base : " + packed + "\n%a = xf.get @" + name + ".a : !a\n%b = xf.get @" +
                       name + ".b : !b\n%y = stage.fold %w plus %a, %b {\n^bb0(%e: f32, %d: f32):\n" +
                       "%0 = arith.addf %e, %d : f32\nxf.yield %0 : f32\n} : " + packed + " plus !a, !b -> " + packed +
                       "\n") +
         parameter("norms", "!norms",
                   "%w = xf.get @" + name + ".base : " + packed + "\n%a = xf.get @" + name + ".a : !a\n%b = xf.get @" +
                       name + ".b : !b\n%y = stage.fold_norm %w plus %a, %b {\n^bb0(%n: f32):\n" +
                       "xf.yield %n : f32\n} : " + packed + " plus !a, !b -> !norms\n");
}

static void fillWeights(Model &model) {
  model.weights["E"] = noise({8, 4}, 1);
  model.weights["W"] = noise({2, 4}, 2);
  model.weights["v"] = matrix({2}, {10, 20});
  Factors factors;
  factors.a = noise({3, 4}, 3);
  factors.b = noise({2, 3}, 4);
  factors.scale = 0.5;
  model.factors[{"lora", "W"}] = factors;
}

// The sum goes through the region with a vector and rows; the low-rank part
// added to the sum is what the merged weight gives, rank 0 too.
TEST(Skeletons, Contract) {
  const std::string body = R"( extras(%bias, %old : !column, tensor<?x2xf32>) {
      ^bb0(%acc: f32, %b: f32, %o: f32):
        %0 = arith.addf %acc, %b : f32
        %1 = arith.addf %0, %o : f32
        xf.yield %1 : f32
      } : !r, !panels)";
  Model model(rows(weights, R"(
      %w = xf.get @w : !panels
      %merged = xf.get @merged : !panels
      %bias = xf.get @bias : !column
      %fa = xf.get @fa : !a
      %fb = xf.get @fb : !b
      %old = stage.columns %x at 1 : !r -> tensor<?x2xf32>
      %u = stage.contract %x, %fa {
      ^bb0(%acc: f32):
        xf.yield %acc : f32
      } : !r, !a -> tensor<?x?xf32>
      %y = stage.contract %x, %w plus %u, %fb )" +
                                body +
                                R"( plus tensor<?x?xf32>, !b -> tensor<?x2xf32>
      %z = stage.contract %x, %merged )" +
                                body + R"( -> tensor<?x2xf32>
      xf.output "x" %x : !r
      xf.output "y" %y : tensor<?x2xf32>
      xf.output "z" %z : tensor<?x2xf32>)"));
  fillWeights(model);
  for (const char *adapter : {"", "lora"}) {
    SCOPED_TRACE(adapter);
    model.adapter = adapter;
    Outputs outputs = model.run(holes);
    expectNear(outputs["y"], outputs["z"]);
    Array merged = model.parameter("merged"), x = outputs["x"];
    for (int64_t n = 0; n < 2; ++n) {
      double sum = 10.0 * static_cast<double>(n + 1) + x.at(0, n + 1);
      for (int64_t k = 0; k < 4; ++k)
        sum += x.at(0, k) * merged.at(n, k);
      EXPECT_NEAR(outputs["z"].at(0, n), sum, 1e-12);
    }
  }
}

// A fold of the packed base is the packed merge, as a matrix and as a table.
TEST(Skeletons, Fold) {
  Model model(R"(
    !slot = !xf.low_rank<2x4>
    !a = !xf.packed<table, 4x?xf32>
    !b = !xf.packed<matrix, 2x?xf32>
    !norms = !xf.packed<vector, 2x1xf32>
    xf.weight @W : !xf.weight<2x4xf32>
    xf.weight @T : !xf.weight<4x2xf32>
    xf.adapter @lora {
      xf.delta @W linear rank 3 scale 0.5
      xf.delta @T embedding rank 3 scale 0.5
    })" + folded("W", "2x4", "linear", "matrix") +
              folded("T", "4x2", "embedding", "table"));
  model.weights["W"] = noise({2, 4}, 2);
  model.weights["T"] = noise({4, 2}, 5);
  Factors factors;
  factors.a = noise({3, 4}, 3);
  factors.b = noise({2, 3}, 4);
  factors.scale = 0.5;
  model.factors[{"lora", "W"}] = factors;
  factors.embedding = true;
  model.factors[{"lora", "T"}] = factors;
  for (const char *adapter : {"", "lora"}) {
    SCOPED_TRACE(adapter);
    model.adapter = adapter;
    for (const std::string name : {"W", "T"}) {
      expectNear(model.parameter(name + ".folded"), model.parameter(name + ".merged"));
      if (!*adapter)
        expectNear(model.parameter(name + ".folded"), model.weights[name], 0);
      Array merged = model.parameter(name + ".merged"), norms({2});
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t k = 0; k < 4; ++k)
          norms.values[n] += std::pow(name == "W" ? merged.at(n, k) : merged.at(k, n), 2);
      for (double &norm : norms.values)
        norm = std::sqrt(norm);
      expectNear(model.parameter(name + ".norms"), norms);
    }
  }
}

// Row 0 of the table is [3, 0, 4, 0]: mean 1.75, mean of squares 6.25.
TEST(Skeletons, RowNorm) {
  const char *norm = R"(  {
      ^bb0(%v: f32):
        xf.yield %v : f32
      } : !r -> !r
      )";
  Model model(rows("", std::string("%l = stage.row_norm layer %x eps 0.25") + norm +
                           "%m = stage.row_norm rms %x eps 0.25" + norm + "%n = stage.row_norm l2 %x eps 1.0e-12" +
                           norm + R"(
      xf.output "l" %l : !r
      xf.output "m" %m : !r
      xf.output "n" %n : !r)"));
  model.weights["E"] = Array({8, 4});
  model.weights["E"].values[0] = 3;
  model.weights["E"].values[2] = 4;
  Outputs outputs = model.run({{"ids", integers({1, 1}, {0})}});
  double layer = std::sqrt(6.25 - 1.75 * 1.75 + 0.25), rms = std::sqrt(6.5);
  expectNear(outputs["l"], matrix({1, 4}, {1.25 / layer, -1.75 / layer, 2.25 / layer, -1.75 / layer}));
  expectNear(outputs["m"], matrix({1, 4}, {3 / rms, 0, 4 / rms, 0}));
  expectNear(outputs["n"], matrix({1, 4}, {.6, 0, .8, 0}));
}

// The mean of the visible rows, without keep_first's; a launch gives what its
// stages give.
TEST(Skeletons, PoolAndLaunch) {
  Model model(rows("", R"(
      %a = stage.pool mean %x over %sp : !r, !stage.space -> !rs
      %l:2 = stage.launch -> !r, !r {
        %b = stage.map %x {
        ^bb0(%v: f32):
          %0 = arith.negf %v : f32
          xf.yield %0 : f32
        } : !r -> !r
        %c = stage.map %x {
        ^bb0(%v: f32):
          xf.yield %v : f32
        } : !r -> !r
        xf.yield %b, %c : !r, !r
      }
      xf.output "x" %l#1 : !r
      xf.output "b" %l#0 : !r
      stage.output "a" %a over %sp : !rs, !stage.space)",
                   "max_length 6 keep_first"));
  const Array &e = model.weights["E"] = noise({8, 4}, 1);
  Outputs outputs = model.run(holes);
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(outputs["a"].at(0, c), (e.at(2, c) + e.at(3, c)) / 2, 1e-15);
    EXPECT_EQ(outputs["a"].at(1, c), 0.0);
    EXPECT_EQ(outputs["b"].at(2, c), -outputs["x"].at(2, c));
  }
}
