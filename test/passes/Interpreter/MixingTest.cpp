// Attention and pooling under masks.
#include "Model.h"

#include <cmath>

using namespace ptx::interp;

static std::string attention(const std::string &flags) {
  return R"(
    xf.output "v" %x : !x
    %y = xf.attention %x, %x, %x where %m, %m heads 2 scale 0.5 )" +
         flags + R"( : !x, !x, !x, !mask, !mask -> !x
    xf.output "y" %y where %m : !x, !mask)";
}

// The definition, key by key: the mask alone decides who is seen.
static Array expected(const Array &x, const std::vector<int64_t> &mask, bool causal) {
  Array y(x.shape);
  int64_t length = x.shape[1];
  for (int64_t row = 0; row < x.rows(); ++row)
    for (int64_t c = 0; c < 4 && mask[row]; ++c) {
      double top = 0, bottom = 0;
      for (int64_t s = 0; s < length; ++s) {
        int64_t key = row / length * length + s;
        if (!mask[key] || (causal && s > row % length))
          continue;
        int64_t h = c / 2 * 2;
        double weight = std::exp(0.5 * (x.at(row, h) * x.at(key, h) + x.at(row, h + 1) * x.at(key, h + 1)));
        top += weight * x.at(key, c);
        bottom += weight;
      }
      y.at(row, c) = top / bottom;
    }
  return y;
}

static void expectAttention(const std::vector<int64_t> &mask, bool causal) {
  Model model(lookup("", attention(causal ? "causal" : "")));
  model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run({{"ids", integers({2, 3}, {0, 5, 7, 1, 2, 3})}, {"mask", integers({2, 3}, mask)}});
  expectNear(outputs["y"], expected(outputs["v"], mask, causal));
}

TEST(Attention, Full) { expectAttention({1, 1, 1, 1, 1, 1}, false); }
TEST(Attention, Causal) { expectAttention({1, 1, 1, 1, 1, 1}, true); }
TEST(Attention, Holes) { expectAttention({1, 0, 1, 0, 1, 1}, false); }
TEST(Attention, CausalHoles) { expectAttention({0, 1, 1, 1, 0, 1}, true); }

// keep_first's row is no part of an output; ops that read position 0 see it.
static const std::string firstOfAttention = attention("") + R"(
    %f = xf.first_token %y where %m : !x, !mask -> !pooled
    xf.output "f" %f : !pooled)";

// Rows that exist and see no key are zeros: a sequence that is hidden but for
// keep_first.
TEST(Attention, FullyMaskedIsZero) {
  Model model(lookup("", firstOfAttention, "max_length 6 keep_first"));
  model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run({{"ids", integers({1, 3}, {0, 5, 7})}, {"mask", integers({1, 3}, {0, 0, 0})}});
  expectNear(outputs["y"], Array({1, 3, 4}), 0);
  expectNear(outputs["f"], Array({1, 4}), 0);
}

// The first token of keep_first attends, but is no key.
TEST(Attention, KeepFirstIsNoKey) {
  Model model(lookup("", firstOfAttention, "max_length 6 keep_first"));
  model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run({{"ids", integers({1, 2}, {0, 5})}, {"mask", integers({1, 2}, {0, 1})}});
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(outputs["f"].at(0, c), model.weights["E"].at(5, c), 1e-12);
    EXPECT_EQ(outputs["y"].at(0, c), 0.0);
    EXPECT_NEAR(outputs["y"].at(1, c), model.weights["E"].at(5, c), 1e-12);
  }
}

// Cross-attention: T queries over S keys, by the keys' mask.
TEST(Attention, Cross) {
  Model model(lookup("", R"(
    %t = xf.input "t" ["B", "T"] limit 8 : !ids
    %tm = xf.visible %t max_length 6 : !ids -> !mask
    %q = xf.embedding %t, %e where %tm : !ids, !e, !mask -> !x
    %y = xf.attention %q, %x, %x where %tm, %m heads 1 scale 1.0 : !x, !x, !x, !mask, !mask -> !x
    xf.output "y" %y where %tm : !x, !mask)"));
  model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run({{"ids", integers({2, 2}, {0, 5, 6, 7})},
                               {"mask", integers({2, 2}, {0, 1, 0, 0})},
                               {"t", integers({2, 1}, {1, 2})}});
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(outputs["y"].at(0, c), model.weights["E"].at(5, c), 1e-12);
    EXPECT_EQ(outputs["y"].at(1, c), 0.0);
  }
}

static const char *const pools = R"(
    %f = xf.first_token %x where %m : !x, !mask -> !pooled
    %p = xf.pool mean %x where %m : !x, !mask -> !pooled
    xf.output "f" %f : !pooled
    xf.output "p" %p where %m : !pooled, !mask)";

static const Inputs pooled = {{"ids", integers({3, 2}, {1, 2, 3, 4, 5, 6})},
                              {"mask", integers({3, 2}, {1, 1, 0, 1, 0, 0})}};

TEST(Pool, FirstAndMean) {
  Model model(lookup("", pools));
  const Array &e = model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run(pooled);
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_EQ(outputs["f"].at(0, c), e.at(1, c));
    EXPECT_EQ(outputs["f"].at(1, c), 0.0);
    EXPECT_NEAR(outputs["p"].at(0, c), (e.at(1, c) + e.at(2, c)) / 2, 1e-12);
    EXPECT_NEAR(outputs["p"].at(1, c), e.at(4, c), 1e-12);
    EXPECT_EQ(outputs["p"].at(2, c), 0.0);
  }
}

// keep_first gives the first token where it is hidden, and changes no mean.
TEST(Pool, KeepFirst) {
  Model model(lookup("", pools, "max_length 6 keep_first"));
  const Array &e = model.weights["E"] = noise({8, 4}, 4);
  Outputs outputs = model.run(pooled);
  for (int64_t c = 0; c < 4; ++c) {
    EXPECT_EQ(outputs["f"].at(1, c), e.at(3, c));
    EXPECT_EQ(outputs["f"].at(2, c), e.at(5, c));
    EXPECT_NEAR(outputs["p"].at(1, c), e.at(4, c), 1e-12);
    EXPECT_EQ(outputs["p"].at(2, c), 0.0);
  }
}
