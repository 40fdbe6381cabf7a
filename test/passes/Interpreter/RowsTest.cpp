// Row tables, and one block in both dialects.
#include "Model.h"

using namespace ptx::interp;

static const Inputs holes = {{"ids", integers({2, 3}, {1, 2, 3, 4, 5, 6})},
                             {"mask", integers({2, 3}, {0, 1, 1, 0, 0, 0})}};

// Rows go back where they came from; padding is zero. keep_first's row comes
// last, and returns nowhere: the mask hides its position.
TEST(Rows, Scatter) {
  for (bool keep : {false, true}) {
    Model model(rows("", R"(
      xf.output "none" %x : !r
      stage.output "x" %x over %sp : !r, !stage.space)",
                     keep ? "max_length 6 keep_first" : "max_length 6"));
    const Array &e = model.weights["E"] = noise({8, 4}, 1);
    Outputs outputs = model.run(holes);
    std::vector<int64_t> shown = keep ? std::vector<int64_t>{2, 3, 1, 4} : std::vector<int64_t>{2, 3};
    ASSERT_EQ(outputs["none"].shape[0], static_cast<int64_t>(shown.size()));
    for (size_t row = 0; row < shown.size(); ++row)
      EXPECT_EQ(outputs["none"].at(row, 0), e.at(shown[row], 0));
    const bool exists[] = {false, true, true, false, false, false};
    for (int64_t at = 0; at < 6; ++at)
      EXPECT_EQ(outputs["x"].at(at, 1), exists[at] ? e.at(at + 1, 1) : 0.0);
  }
}

TEST(Rows, TooLong) {
  Model model(rows("", ""));
  model.weights["E"] = noise({8, 4}, 1);
  EXPECT_NE(model.fail({{"ids", Integers({1, 7}, 0)}})
                .find("'stage.space' op has 7 positions, the model takes at "
                      "most 6"),
            std::string::npos);
}

// The same attention block in xf and in stage gives the same outputs, under
// masks with holes, a hidden first token and a hidden sequence.
TEST(Stage, AgreesWithXf) {
  for (const char *causal : {"", "causal"}) {
    std::string attention = std::string(" heads 2 scale 0.5 ") + causal + " : ";
    Model xf(lookup("",
                    R"(
      %a = xf.attention %x, %x, %x where %m, %m)" +
                        attention +
                        R"(!x, !x, !x, !mask, !mask -> !x
      %r = arith.addf %a, %x : !x
      %n = xf.layer_norm %r eps 1.0e-5 : !x
      %f = xf.first_token %n where %m : !x, !mask -> !pooled
      %p = xf.pool mean %n where %m : !x, !mask -> !pooled
      xf.output "y" %n where %m : !x, !mask
      xf.output "f" %f : !pooled
      xf.output "p" %p : !pooled)",
                    "max_length 6 keep_first"));
    Model stage(rows("",
                     R"(
      %a = stage.attention %x, %x, %x over %sp, %sp)" +
                         attention +
                         R"(!r, !r, !r, !stage.space, !stage.space -> !r
      %r = stage.map %a extras(%x : !r) {
      ^bb0(%v: f32, %o: f32):
        %0 = arith.addf %v, %o : f32
        xf.yield %0 : f32
      } : !r -> !r
      %n = stage.row_norm layer %r eps 1.0e-5 {
      ^bb0(%v: f32):
        xf.yield %v : f32
      } : !r -> !r
      %i0 = stage.first_rows %sp : !stage.space -> !is
      %f = stage.gather (%n : !r) at (%i0 : !is) {
      ^bb0(%v: f32):
        xf.yield %v : f32
      } -> !rs
      %p = stage.pool mean %n over %sp : !r, !stage.space -> !rs
      stage.output "y" %n over %sp : !r, !stage.space
      stage.output "f" %f over %sp : !rs, !stage.space
      stage.output "p" %p over %sp : !rs, !stage.space)",
                     "max_length 6 keep_first"));
    xf.weights["E"] = stage.weights["E"] = noise({8, 4}, 1);
    Inputs inputs = {{"ids", integers({3, 4}, {1, 2, 3, 4, 5, 6, 7, 0, 1, 3, 5, 7})},
                     {"mask", integers({3, 4}, {1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0})}};
    Outputs expected = xf.run(inputs), found = stage.run(inputs);
    for (const char *name : {"y", "f", "p"})
      expectNear(found[name], expected[name]);
  }
}
