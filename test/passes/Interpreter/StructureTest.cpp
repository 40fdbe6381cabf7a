// Functions, inputs, outputs, masks, calls and waves, and the errors of each.
#include "Model.h"

using namespace ptx::interp;

static void contains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

static const char *const echo = R"(xf.output "x" %x where %m : !x, !mask)";

// A left-out mask is all ones; rows of the table come out.
TEST(Structure, MissingMaskIsOnes) {
  Model model(lookup("", echo));
  model.weights["E"] = noise({8, 4}, 1);
  Array x = model.run({{"ids", integers({1, 2}, {3, 0})}})["x"];
  ASSERT_EQ(x.rows(), 2);
  for (int c = 0; c < 4; ++c) {
    EXPECT_EQ(x.at(0, c), model.weights["E"].at(3, c));
    EXPECT_EQ(x.at(1, c), model.weights["E"].at(0, c));
  }
}

// Positions that do not exist come out as zeros, holes too.
TEST(Structure, AbsentPositionsAreZero) {
  Model model(lookup("", echo));
  model.weights["E"] = Array({8, 4}, 1.0);
  Array x =
      model.run({{"ids", integers({2, 3}, {1, 2, 3, 4, 5, 6})}, {"mask", integers({2, 3}, {1, 0, 1, 0, 0, 0})}})["x"];
  const double expected[] = {1, 0, 1, 0, 0, 0};
  for (int row = 0; row < 6; ++row)
    EXPECT_EQ(x.at(row, 3), expected[row]);
}

// keep_first computes position 0 where the mask hides it, for ops that read it; an output has zeros there.
TEST(Structure, KeepFirstIsNoOutput) {
  Model model(lookup("", echo, "max_length 6 keep_first"));
  model.weights["E"] = Array({8, 4}, 1.0);
  Array x = model.run({{"ids", integers({1, 3}, {1, 2, 3})}, {"mask", integers({1, 3}, {0, 0, 1})}})["x"];
  EXPECT_EQ(x.at(0, 0), 0.0);
  EXPECT_EQ(x.at(1, 0), 0.0);
  EXPECT_EQ(x.at(2, 0), 1.0);
}

// Positions that skip padding: a row at a time, and what is given is taken.
TEST(Structure, CountingSkipsPadding) {
  Model model(R"(
    !e = !xf.weight<6x1xf32>
    xf.weight @E : !e
    xf.function @f {
      %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
      %at = xf.input "at" ["B", "S"] limit 6 default 1 counting "ids" : tensor<?x?xi64>
      %m = xf.visible %ids max_length 4 : tensor<?x?xi64> -> tensor<?x?xi1>
      %e = xf.use @E : !e
      %x = xf.embedding %at, %e where %m : tensor<?x?xi64>, !e, tensor<?x?xi1> -> tensor<?x?x1xf32>
      xf.output "x" %x where %m : tensor<?x?x1xf32>, tensor<?x?xi1>
    })");
  model.weights["E"] = Array({6, 1}, {0, 1, 2, 3, 4, 5});
  const Inputs ids = {{"ids", integers({2, 4}, {7, 1, 7, 8, 1, 1, 0, 5})}};
  const double expected[] = {2, 1, 3, 4, 1, 1, 2, 3};
  Array x = model.run(ids)["x"];
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_EQ(x.at(i, 0), expected[i]);
  Inputs given = ids;
  given["at"] = integers({2, 4}, {0, 0, 0, 0, 5, 5, 5, 5});
  x = model.run(given)["x"];
  EXPECT_EQ(x.at(0, 0), 0.0);
  EXPECT_EQ(x.at(7, 0), 5.0);
}

// Without a default every id counts, from 0, whatever the mask hides.
TEST(Structure, CountingAll) {
  Model model(R"(
    !e = !xf.weight<3x1xf32>
    xf.weight @E : !e
    xf.function @f {
      %ids = xf.input "ids" ["B", "S"] limit 3 : tensor<?x?xi64>
      %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
      %at = xf.input "at" ["B", "S"] limit 3 counting "ids" : tensor<?x?xi64>
      %m = xf.visible %mask max_length 3 : tensor<?x?xi1> -> tensor<?x?xi1>
      %e = xf.use @E : !e
      %i = xf.embedding %ids, %e where %m : tensor<?x?xi64>, !e, tensor<?x?xi1> -> tensor<?x?x1xf32>
      %x = xf.embedding %at, %e where %m : tensor<?x?xi64>, !e, tensor<?x?xi1> -> tensor<?x?x1xf32>
      xf.output "x" %x where %m : tensor<?x?x1xf32>, tensor<?x?xi1>
      xf.output "i" %i where %m : tensor<?x?x1xf32>, tensor<?x?xi1>
    })");
  model.weights["E"] = Array({3, 1}, {5, 6, 7});
  Inputs given = {{"ids", integers({2, 3}, {0, 0, 1, 1, 1, 0})}, {"mask", integers({2, 3}, {0, 1, 1, 1, 1, 1})}};
  const double expected[] = {0, 6, 7, 5, 6, 7};
  Array x = model.run(given)["x"];
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(x.at(i, 0), expected[i]);
  given["at"] = integers({2, 3}, {0, 0, 2, 2, 1, 0});
  x = model.run(given)["x"];
  EXPECT_EQ(x.at(2, 0), 7.0);
  EXPECT_EQ(x.at(3, 0), 7.0);
}

// Ids with a default may be left out; positions count from 0.
TEST(Structure, DefaultsAndPositions) {
  Model model(R"(
    !e = !xf.weight<3x1xf32>
    xf.weight @E : !e
    xf.function @f {
      %ids = xf.input "ids" ["B", "S"] limit 9 : tensor<?x?xi64>
      %types = xf.input "types" ["B", "S"] limit 3 default 1 : tensor<?x?xi64>
      %m = xf.visible %ids max_length 3 : tensor<?x?xi64> -> tensor<?x?xi1>
      %p = xf.positions %m : tensor<?x?xi1> -> tensor<?x?xi64>
      %e = xf.use @E : !e
      %t = xf.embedding %types, %e where %m : tensor<?x?xi64>, !e, tensor<?x?xi1> -> tensor<?x?x1xf32>
      %q = xf.embedding %p, %e where %m : tensor<?x?xi64>, !e, tensor<?x?xi1> -> tensor<?x?x1xf32>
      xf.output "t" %t : tensor<?x?x1xf32>
      xf.output "p" %q : tensor<?x?x1xf32>
    })");
  model.weights["E"] = matrix({3, 1}, {10, 11, 12});
  Outputs outputs = model.run({{"ids", integers({1, 3}, {8, 8, 8})}});
  expectNear(outputs["t"], matrix({1, 3, 1}, {11, 11, 11}));
  expectNear(outputs["p"], matrix({1, 3, 1}, {10, 11, 12}));
}

// A layer body called twice in a row is applied twice, with its own values.
TEST(Structure, Calls) {
  Model model(lookup(R"(
    func.func private @layer(%x: !x) -> !x {
      %y = xf.scale %x by 3.0 : !x
      return %y : !x
    })",
                     R"(
      %y = func.call @layer(%x) : (!x) -> !x
      %z = func.call @layer(%y) : (!x) -> !x
      xf.output "x" %z : !x)"));
  model.weights["E"] = Array({8, 4}, 1.0);
  expectNear(model.run({{"ids", integers({1, 1}, {0})}})["x"], Array({1, 1, 4}, 9.0));
}

// A wave gives what its calls give.
TEST(Structure, Wave) {
  Model model(lookup("", R"(
      %w:2 = xf.wave -> !x, !x {
        %a = xf.scale %x by 2.0 : !x
        %b = xf.scale %x by 5.0 : !x
        xf.yield %a, %b : !x, !x
      }
      %y = arith.mulf %w#0, %w#1 : !x
      xf.output "x" %y : !x)"));
  model.weights["E"] = Array({8, 4}, 1.0);
  expectNear(model.run({{"ids", integers({1, 1}, {0})}})["x"], Array({1, 1, 4}, 10.0));
}

//===-- Errors ------------------------------------------------------------===//

class Errors : public testing::Test {
protected:
  Errors() : model(lookup("", echo)) { model.weights["E"] = noise({8, 4}, 1); }
  void expectError(const Inputs &inputs, const std::string &message) { contains(model.fail(inputs), message); }
  Model model;
};

TEST_F(Errors, MissingIds) { expectError({}, "'ids' is missing"); }

TEST_F(Errors, UnknownInput) {
  expectError({{"ids", integers({1, 1}, {0})}, {"idz", integers({1, 1}, {0})}},
              "has no input 'idz', its inputs are 'ids', 'mask'");
}

TEST_F(Errors, IdOutOfRange) {
  expectError({{"ids", integers({1, 2}, {0, 8})}}, "'ids' has the value 8 at index 1, expected 0 to 7");
  expectError({{"ids", integers({1, 2}, {-1, 0})}}, "'ids' has the value -1");
}

TEST_F(Errors, MaskValue) {
  expectError({{"ids", integers({1, 1}, {0})}, {"mask", integers({1, 1}, {2})}},
              "'mask' has the value 2 at index 0, expected 0 or 1");
}

TEST_F(Errors, EmptyDimensions) {
  expectError({{"ids", integers({0, 2}, {})}}, "B = 0, expected at least 1");
  expectError({{"ids", integers({2, 0}, {})}}, "S = 0, expected at least 1");
}

TEST_F(Errors, DimensionsDisagree) {
  expectError({{"ids", integers({1, 2}, {0, 0})}, {"mask", integers({1, 1}, {1})}},
              "'mask' has S = 1, but 'ids' has 2");
}

TEST_F(Errors, WrongRankAndSize) {
  expectError({{"ids", integers({2}, {0, 0})}}, "has 2 dimensions, found [2]");
  expectError({{"ids", integers({1, 2}, {0})}}, "but 1 values");
}

TEST_F(Errors, TooLong) { expectError({{"ids", Integers({1, 7}, 0)}}, "has 7 positions, the model takes at most 6"); }

TEST_F(Errors, MissingWeight) {
  model.weights.clear();
  expectError({{"ids", integers({1, 1}, {0})}}, "cannot read 'E': no such tensor");
}

TEST_F(Errors, WeightOfAnotherShape) {
  model.weights["E"] = noise({4, 8}, 1);
  expectError({{"ids", integers({1, 1}, {0})}}, "expects 'E' of shape [8, 4], found [4, 8]");
}

TEST_F(Errors, WeightNotFinite) {
  model.weights["E"].values[5] = std::nan("");
  expectError({{"ids", integers({1, 1}, {0})}}, "reads a value that is not finite: 'E', element 5");
}

TEST_F(Errors, UnknownFunctionAndAdapter) {
  contains(model.fail({}, "g"), "has no function 'g'");
  model.adapter = "da";
  expectError({}, "unknown adapter 'da', the module has none");
}

// A function that calls itself is refused, not run until the stack ends.
TEST(Structure, Recursion) {
  Model model(lookup(R"(
    func.func private @layer(%x: !x) -> !x {
      %y = func.call @layer(%x) : (!x) -> !x
      return %y : !x
    })",
                     R"(
      %y = func.call @layer(%x) : (!x) -> !x
      xf.output "x" %y : !x)"));
  model.weights["E"] = Array({8, 4}, 1.0);
  contains(model.fail({{"ids", integers({1, 1}, {0})}}), "does it call itself");
}
