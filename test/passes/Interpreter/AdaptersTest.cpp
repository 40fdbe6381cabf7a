// What adapters do to linears and embeddings: a delta kept apart gives what the
// merged weight gives.
#include "Model.h"

using namespace ptx::interp;

static const Inputs one = {{"ids", integers({1, 1}, {0})}};

static Factors lowRank(int64_t out, int64_t in, bool dora, bool bias) {
  Factors factors;
  factors.a = noise({3, in}, 11);
  factors.b = noise({out, 3}, 12);
  factors.scale = 1.5;
  if (dora)
    factors.vectors[ptx::xf::Factor::Magnitude] = noise({out}, 13);
  if (bias)
    factors.vectors[ptx::xf::Factor::Bias] = noise({out}, 14);
  return factors;
}

static const char *const adapters = R"(
    xf.weight @W : !xf.weight<5x4xf32>
    xf.weight @b : !xf.weight<5xf32>
    xf.adapter @lora { xf.delta @W linear rank 3 scale 1.5 bias }
    xf.adapter @dora { xf.delta @W linear rank 3 scale 1.5 dora bias }
    xf.adapter @other { xf.delta @E embedding rank 3 scale 1.5 }
)";

static void fill(Model &model) {
  model.weights["E"] = noise({8, 4}, 1);
  model.weights["W"] = noise({5, 4}, 2);
  model.weights["b"] = noise({5}, 3);
  model.factors[{"lora", "W"}] = lowRank(5, 4, false, true);
  model.factors[{"dora", "W"}] = lowRank(5, 4, true, true);
  model.factors[{"other", "E"}] = lowRank(4, 8, false, false);
  model.factors[{"other", "E"}].embedding = true;
}

// lora_linear = linear with the merged weight: no adapter, LoRA, DoRA, one
// without this site; whole and in rows.
TEST(Adapters, SeparateIsMerged) {
  Model model(lookup(adapters, R"(
    %w = xf.use @W : !xf.weight<5x4xf32>
    %b = xf.use @b : !xf.weight<5xf32>
    %s = xf.slot @W : !xf.low_rank<5x4>
    %b2 = xf.merge_bias %b, %s : !xf.weight<5xf32>, !xf.low_rank<5x4> -> !xf.weight<5xf32>
    %w2 = xf.merge %w, %s linear : !xf.weight<5x4xf32>, !xf.low_rank<5x4> -> !xf.weight<5x4xf32>
    %y = xf.linear %x, %w2 bias %b2 : !x, !xf.weight<5x4xf32>, !xf.weight<5xf32> -> tensor<?x?x5xf32>
    %z = xf.lora_linear %x, %w with %s bias %b2 scaled : !x, !xf.weight<5x4xf32> with !xf.low_rank<5x4> bias !xf.weight<5xf32> -> tensor<?x?x5xf32>
    %yr = xf.columns %y at 1 : tensor<?x?x5xf32> -> tensor<?x?x2xf32>
    %zr = xf.lora_linear %x, %w with %s bias %b2 scaled rows [1, 3] : !x, !xf.weight<5x4xf32> with !xf.low_rank<5x4> bias !xf.weight<5xf32> -> tensor<?x?x2xf32>
    xf.output "y" %y : tensor<?x?x5xf32>
    xf.output "z" %z : tensor<?x?x5xf32>
    xf.output "yr" %yr : tensor<?x?x2xf32>
    xf.output "zr" %zr : tensor<?x?x2xf32>)"));
  fill(model);
  std::map<std::string, Array> found;
  for (const char *adapter : {"", "lora", "dora", "other"}) {
    SCOPED_TRACE(adapter);
    model.adapter = adapter;
    Outputs outputs = model.run({{"ids", integers({1, 3}, {0, 5, 7})}});
    expectNear(outputs["z"], outputs["y"]);
    expectNear(outputs["zr"], outputs["yr"]);
    found[adapter] = outputs["y"];
  }
  EXPECT_EQ(found["other"].values, found[""].values);
  EXPECT_NE(found["lora"].values, found[""].values);
  EXPECT_NE(found["dora"].values, found["lora"].values);
}

// The packed factors of the deploy phase give what the slot gives.
TEST(Adapters, FactorsAreSlot) {
  Model model(lookup(std::string(adapters) + R"(
    !w = !xf.weight<5x4xf32>
    !slot = !xf.low_rank<5x4>
    !panels = !xf.packed<matrix, 5x4xf32>
    !a = !xf.packed<matrix, ?x4xf32>
    !b = !xf.packed<matrix, 5x?xf32>
    !column = !xf.packed<vector, 5x1xf32>
    xf.parameter @w : !panels {
      %0 = xf.use @W : !w
      %1 = xf.pack %0 : !w -> !panels
      xf.yield %1 : !panels
    }
    xf.parameter @a : !a {
      %0 = xf.slot @W : !slot
      %1 = xf.factor_a %0 linear : !slot -> !a
      xf.yield %1 : !a
    }
    xf.parameter @sb : !b {
      %0 = xf.slot @W : !slot
      %1 = xf.factor_b %0 : !slot -> !b
      xf.yield %1 : !b
    }
    xf.parameter @g : !column {
      %0 = xf.use @W : !w
      %1 = xf.slot @W : !slot
      %2 = xf.output_gain %0, %1 linear : !w, !slot -> !xf.weight<5xf32>
      %3 = xf.pack %2 : !xf.weight<5xf32> -> !column
      xf.yield %3 : !column
    }
    xf.parameter @bias : !column {
      %0 = xf.use @b : !xf.weight<5xf32>
      %1 = xf.slot @W : !slot
      %2 = xf.merge_bias %0, %1 : !xf.weight<5xf32>, !slot -> !xf.weight<5xf32>
      %3 = xf.pack %2 : !xf.weight<5xf32> -> !column
      xf.yield %3 : !column
    })",
                     R"(
    %w = xf.use @W : !w
    %s = xf.slot @W : !slot
    %b = xf.get @bias : !column
    %z = xf.lora_linear %x, %w with %s bias %b scaled : !x, !w with !slot bias !column -> tensor<?x?x5xf32>
    %pw = xf.get @w : !panels
    %pa = xf.get @a : !a
    %pb = xf.get @sb : !b
    %pg = xf.get @g : !column
    %y = xf.lora_linear %x, %pw factors %pa, %pb gain %pg bias %b scaled : !x, !panels factors !a, !b gain !column bias !column -> tensor<?x?x5xf32>
    xf.output "z" %z : tensor<?x?x5xf32>
    xf.output "y" %y : tensor<?x?x5xf32>)"));
  fill(model);
  for (const char *adapter : {"", "lora", "dora"}) {
    SCOPED_TRACE(adapter);
    model.adapter = adapter;
    Outputs outputs = model.run({{"ids", integers({1, 2}, {0, 5})}});
    expectNear(outputs["y"], outputs["z"]);
  }
}

// A weight stored [IN,OUT] merges in form embedding.
TEST(Adapters, InOutMerges) {
  Model model(lookup(R"(
    !w = !xf.weight<4x5xf32>
    !slot = !xf.low_rank<5x4>
    xf.weight @W : !w
    xf.adapter @dora { xf.delta @W embedding rank 3 scale 1.5 dora })",
                     R"(
    %w = xf.use @W : !w
    %s = xf.slot @W : !slot
    %w2 = xf.merge %w, %s embedding : !w, !slot -> !w
    %y = xf.linear %x, %w2 in_out : !x, !w -> tensor<?x?x5xf32>
    %z = xf.lora_linear %x, %w with %s scaled in_out : !x, !w with !slot -> tensor<?x?x5xf32>
    xf.output "y" %y : tensor<?x?x5xf32>
    xf.output "z" %z : tensor<?x?x5xf32>)"));
  model.weights["E"] = noise({8, 4}, 1);
  model.weights["W"] = noise({4, 5}, 2);
  model.factors[{"dora", "W"}] = lowRank(5, 4, true, false);
  model.factors[{"dora", "W"}].embedding = true;
  model.adapter = "dora";
  Outputs outputs = model.run(one);
  expectNear(outputs["z"], outputs["y"]);
}

// E[id] + s A^T[id] B^T = the merged table's row.
TEST(Adapters, Embedding) {
  Model model(lookup(adapters, R"(
    %s = xf.slot @E : !xf.low_rank<4x8>
    %e2 = xf.merge %e, %s embedding : !e, !xf.low_rank<4x8> -> !e
    %y = xf.embedding %ids, %e2 where %m : !ids, !e, !mask -> !x
    %z = xf.lora_embedding %ids, %e with %s where %m : !ids, !e, !xf.low_rank<4x8>, !mask -> !x
    xf.output "y" %y : !x
    xf.output "z" %z : !x
    xf.output "x" %x : !x)"));
  fill(model);
  model.adapter = "other";
  Inputs inputs = {{"ids", integers({1, 3}, {0, 5, 7})}, {"mask", integers({1, 3}, {1, 0, 1})}};
  Outputs outputs = model.run(inputs);
  expectNear(outputs["z"], outputs["y"]);
  EXPECT_NE(outputs["z"].values, outputs["x"].values);
  model.adapter = "";
  outputs = model.run(inputs);
  EXPECT_EQ(outputs["z"].values, outputs["x"].values);
}

//===-- Errors ------------------------------------------------------------===//

static void expectError(Model &model, const std::string &message) {
  std::string error = model.fail(one);
  EXPECT_NE(error.find(message), std::string::npos) << error;
}

static const char *const plain = R"(
    %w = xf.use @W : !xf.weight<5x4xf32>
    %s = xf.slot @W : !xf.low_rank<5x4>
    %z = xf.lora_linear %x, %w with %s : !x, !xf.weight<5x4xf32> with !xf.low_rank<5x4> -> tensor<?x?x5xf32>
    xf.output "z" %z : tensor<?x?x5xf32>)";

TEST(AdapterErrors, DoraWhereNoneIsExpected) {
  Model model(lookup(adapters, plain));
  fill(model);
  model.adapter = "dora";
  expectError(model, "is not `scaled`, but the adapter bound scales");
}

// IA3: outputs and their bias by l, inputs by h; merged or apart.
TEST(Adapters, Ia3) {
  Model model(lookup(R"(
    !slot = !xf.low_rank<3x4>
    xf.weight @W : !xf.weight<3x4xf32>
    xf.weight @b : !xf.weight<3xf32>
    xf.adapter @ia3 { xf.delta @W linear rank 0 scale 1.0 scales_outputs scales_inputs })",
                     R"(
    %w = xf.use @W : !xf.weight<3x4xf32>
    %b = xf.use @b : !xf.weight<3xf32>
    %s = xf.slot @W : !slot
    %c = xf.merge_bias %b, %s : !xf.weight<3xf32>, !slot -> !xf.weight<3xf32>
    %y = xf.lora_linear %x, %w with %s bias %c scaled scales_inputs : !x, !xf.weight<3x4xf32> with !slot bias !xf.weight<3xf32> -> tensor<?x?x3xf32>
    %f = xf.merge %w, %s linear : !xf.weight<3x4xf32>, !slot -> !xf.weight<3x4xf32>
    %z = xf.linear %x, %f bias %c : !x, !xf.weight<3x4xf32>, !xf.weight<3xf32> -> tensor<?x?x3xf32>
    xf.output "y" %y : tensor<?x?x3xf32>
    xf.output "z" %z : tensor<?x?x3xf32>)"));
  model.weights["E"] = Array({8, 4}, 1.0);
  model.weights["W"] = matrix({3, 4}, {1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 1});
  model.weights["b"] = matrix({3}, {1, 1, 1});
  Factors &factors = model.factors[{"ia3", "W"}];
  factors.a = Array({0, 4});
  factors.b = Array({3, 0});
  factors.vectors[ptx::xf::Factor::OutputScale] = matrix({3}, {1, 2, 3});
  factors.vectors[ptx::xf::Factor::InputScale] = matrix({4}, {10, 100, 7, 1000});
  model.adapter = "ia3";
  Outputs outputs = model.run({{"ids", integers({1, 1}, {3})}});
  // l (W (h x) + b) of ones.
  for (const char *name : {"y", "z"})
    expectNear(outputs[name], matrix({1, 1, 3}, {211, 862, 3 * 1651}));
  model.adapter = "";
  outputs = model.run({{"ids", integers({1, 1}, {3})}});
  expectNear(outputs["y"], matrix({1, 1, 3}, {4, 8, 13}));
}

TEST(AdapterErrors, FactorsAgainstDelta) {
  Model model(lookup(adapters, plain));
  fill(model);
  model.adapter = "lora";
  Factors &factors = model.factors[{"lora", "W"}];
  factors.scale = 2.0;
  expectError(model, "found 2");
  factors = lowRank(5, 4, false, false);
  expectError(model, "expects factors for 'W' with bias");
  factors = lowRank(4, 5, false, true);
  expectError(model, "expects A for 'W' of shape [3, 4], found [3, 5]");
  factors = lowRank(5, 4, false, true);
  factors.b.values[3] = std::nan("");
  expectError(model, "not finite: B for 'W', element 3");
  model.factors.clear();
  expectError(model, "cannot read adapter 'lora' for 'W': no such factors");
  model.adapter = "nora";
  expectError(model, "unknown adapter 'nora', the module has 'lora', 'dora'");
}
