// PEFT directories: scales of adapters.md 1.4, refusals of its section 7.
#include "frontends/peft/adapter.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace ptx;
using namespace ptx::peft;
using namespace ptx::test;

namespace {

const std::vector<BaseModule> modules = {
    {"model.layers.0.q_proj", BaseModule::Linear, 4, 3, true, false},
    {"model.layers.1.q_proj", BaseModule::Linear, 4, 3, true, false},
    {"model.layers.0.k_proj", BaseModule::Linear, 4, 3, true, false},
    {"model.attn", BaseModule::Mha, 4, 12, true, false},
    {"model.table", BaseModule::Embedding, 5, 3, true, false},
};

/// The modules, and the weights of two of them, all zeros.
Base makeBase() {
  static Temporary folder;
  folder.write("weights", std::string(1024, '\0'));
  Base made = {modules, {}, {"model.", "bert."}};
  for (const char *module : {"model.layers.0.k_proj", "model.layers.0.q_proj"}) {
    StoredValues zeros = {folder.directory() + "/weights", DType::F32, 0, 3};
    made.weights.push_back({std::string(module) + ".bias", {3}, zeros});
    zeros.count = 12;
    made.weights.push_back({std::string(module) + ".weight", {3, 4}, zeros});
  }
  return made;
}
const Base base = makeBase();

/// A file of f32 zeros, tensors in the order given.
class FileBuilder {
public:
  FileBuilder &add(const std::string &name, std::vector<uint64_t> shape, char fill = 0) {
    uint64_t bytes = 4;
    std::string dims;
    for (uint64_t dim : shape) {
      bytes *= dim;
      dims += (dims.empty() ? "" : ",") + std::to_string(dim);
    }
    header += (header.empty() ? "" : ",") + ("\"" + name) + "\":{\"dtype\":\"F32\",\"shape\":[" + dims +
              "],\"data_offsets\":[" + std::to_string(data.size()) + "," + std::to_string(data.size() + bytes) + "]}";
    data.append(bytes, fill);
    return *this;
  }
  FileBuilder &linear(const std::string &module, uint64_t rank) {
    return add("base_model.model." + module + ".lora_A.weight", {rank, 4})
        .add("base_model.model." + module + ".lora_B.weight", {3, rank});
  }
  std::string text() const { return safetensors("{" + header + "}", data); }

private:
  std::string header, data;
};

Result<Adapter> read(const std::string &config, const FileBuilder &file, const Options &options = {}) {
  static std::vector<std::unique_ptr<Temporary>> kept; // paths in the result stay valid
  kept.push_back(std::make_unique<Temporary>());
  std::string kind = config.starts_with("\"peft_type\"") ? "" : "\"peft_type\":\"LORA\",";
  kept.back()->write("adapter_config.json", "{" + kind + config + "}");
  kept.back()->write("adapter_model.safetensors", file.text());
  return readAdapter("ad", kept.back()->directory(), base, options);
}

std::string refusal(const std::string &config, const FileBuilder &file, const Options &options = {}) {
  Result<Adapter> adapter = read(config, file, options);
  return adapter ? "" : adapter.error().message;
}

const std::string one = "\"target_modules\":[\"layers.0.q_proj\"]";
FileBuilder single(uint64_t rank) { return FileBuilder().linear("model.layers.0.q_proj", rank); }

TEST(Scale, Vectors) {
  auto scale = [](const std::string &config, uint64_t rank, double user = 1) {
    Options options;
    options.userScale = user;
    Result<Adapter> adapter = read(config + "," + one, single(rank), options);
    EXPECT_TRUE(adapter) << adapter.error().message;
    return adapter ? adapter->deltas[0].scale : NAN;
  };
  EXPECT_EQ(scale("\"r\":8,\"lora_alpha\":16", 8), 2.0f);
  EXPECT_FLOAT_EQ(scale("\"r\":8,\"lora_alpha\":16,\"use_rslora\":true", 8), 5.656854f);
  EXPECT_EQ(scale("\"r\":8,\"lora_alpha\":16", 8, 0.5), 1.0f);
  EXPECT_EQ(scale("\"r\":16,\"lora_alpha\":8,\"rank_pattern\":{\"^model.layers.0.q_proj\":4},"
                  "\"alpha_pattern\":{\"q_proj\":32}",
                  4),
            8.0f);
}

// The first pattern in file order counts.
TEST(Scale, PatternOrder) {
  std::string config = "\"r\":8,\"lora_alpha\":16,\"target_modules\":[\"q_proj\"],\"rank_pattern\":";
  FileBuilder mixed = FileBuilder().linear("model.layers.0.q_proj", 16).linear("model.layers.1.q_proj", 4);
  FileBuilder equal = FileBuilder().linear("model.layers.0.q_proj", 16).linear("model.layers.1.q_proj", 16);
  EXPECT_EQ(refusal(config + "{\"layers.1.q_proj\":4,\"q_proj\":16}", mixed), "");
  EXPECT_EQ(refusal(config + "{\"q_proj\":16,\"layers.1.q_proj\":4}", equal), "");
  EXPECT_NE(refusal(config + "{\"q_proj\":16,\"layers.1.q_proj\":4}", mixed).find("gives rank 16"), std::string::npos);
}

TEST(Scale, TenThousandPatterns) {
  std::string patterns;
  for (int i = 0; i < 10000; ++i)
    patterns += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
  EXPECT_EQ(refusal("\"r\":2,\"alpha_pattern\":{" + patterns + "}," + one, single(2)), "");
}

struct Bad {
  const char *name;
  std::string config;
  FileBuilder file;
  std::vector<std::string> expected;
};

class Refused : public testing::TestWithParam<Bad> {};

TEST_P(Refused, WithItsReason) {
  std::string message = refusal(GetParam().config, GetParam().file);
  for (const std::string &part : GetParam().expected)
    EXPECT_NE(message.find(part), std::string::npos) << "expected: " << part << "\nfound: " << message;
}

const std::string r2 = "\"r\":2,";
const std::string k = "base_model.model.model.layers.0.k_proj", q = "base_model.model.model.layers.0.q_proj";
INSTANTIATE_TEST_SUITE_P(
    Section7, Refused,
    testing::Values(
        Bad{"UnknownStem",
            r2 + one,
            single(2).add("base_model.model.model.x.lora_Q.weight", {1}),
            {"1 unknown tensors", "lora_Q", "nearest known ending", "LoRA, rsLoRA, DoRA and IA3"}},
        Bad{"NoPrefix",
            r2 + one,
            single(2).add("model.x.lora_A.weight", {1}),
            {"does not begin with 'base_model.model.'"}},
        Bad{"AWithoutB",
            r2 + one,
            FileBuilder().add("base_model.model.model.layers.0.q_proj.lora_A.weight", {2, 4}),
            {"model.layers.0.q_proj", "A [2,4] but no B"}},
        Bad{"RankMismatch", "\"r\":8," + one, single(2), {"gives rank 8", "A [2,4] and B [3,2]"}},
        Bad{"UnknownModule",
            r2 + one,
            single(2).linear("model.layers.7.q_proj", 2),
            {"'model.layers.7.q_proj' is not in the base", "nearest are", "prefix"}},
        Bad{"OtherBase",
            "\"base_model_name_or_path\":\"other/model\"," + r2 + one,
            FileBuilder()
                .add("base_model.model.model.layers.0.q_proj.lora_A.weight", {2, 9})
                .add("base_model.model.model.layers.0.q_proj.lora_B.weight", {3, 2}),
            {"A [2,9]", "[3,4]", "another base", "other/model"}},
        Bad{"UnknownKey", r2 + one + ",\"new_thing\":7", single(2), {"'new_thing'", "7", "merge the adapter in PEFT"}},
        Bad{"KeyThatChangesMeaning", r2 + one + ",\"use_qalora\":true", single(2), {"'use_qalora'", "true", "pooled"}},
        Bad{"SavedModuleIsIncomplete",
            r2 + one + ",\"modules_to_save\":[\"k_proj\",\"score\"]",
            single(2).add(k + ".weight", {3, 4}),
            {"modules_to_save names 'model.layers.0.k_proj', but there is no 'model.layers.0.k_proj.bias'"}},
        Bad{"SavedModuleOfAnotherShape",
            r2 + one + ",\"modules_to_save\":[\"k_proj\"]",
            single(2).add(k + ".weight", {5, 4}).add(k + ".bias", {3}),
            {"has shape [5,4]", "the base's weight has [3,4]"}},
        Bad{"TrainedWithoutSaying",
            r2 + one,
            single(2).add(k + ".bias", {3}, 1),
            {"k_proj.bias' differs from the base's weight, first at index 0", "neither modules_to_save nor 'bias'"}},
        Bad{"BiasOfAnotherModule",
            r2 + one + ",\"bias\":\"lora_only\"",
            single(2).add(q + ".base_layer.bias", {3}).add(k + ".bias", {3}, 1),
            {"k_proj.bias' differs"}},
        Bad{"NoBias", r2 + one + ",\"bias\":\"all\"", single(2), {"'bias' says that biases are replaced"}},
        Bad{"UnknownBias", r2 + one + ",\"bias\":\"some\"", single(2), {"'bias' is \"some\"", "\"lora_only\""}},
        Bad{"Pissa", r2 + one + ",\"init_lora_weights\":\"pissa\"", single(2), {"'init_lora_weights'", "pissa"}},
        Bad{"DoraWithoutMagnitude", r2 + one + ",\"use_dora\":true", single(2), {"no lora_magnitude_vector"}},
        Bad{"MagnitudeWithoutDora",
            r2 + one,
            single(2).add("base_model.model.model.layers.0.q_proj.lora_magnitude_vector", {3}),
            {"use_dora is false"}},
        Bad{"RankZero", "\"r\":0," + one, single(2), {"'r'", "rank from 1"}},
        Bad{"TargetWithoutFactors",
            r2 + "\"target_modules\":[\"q_proj\"]",
            single(2),
            {"target_modules names 'model.layers.1.q_proj'", "no factors"}},
        Bad{"FactorsWithoutTarget",
            r2 + "\"target_modules\":[\"k_proj\"]",
            single(2).linear("model.layers.0.k_proj", 2),
            {"which target_modules does not name"}},
        Bad{"FactorsLeftOut",
            r2 + "\"target_modules\":[\"q_proj\"],\"exclude_modules\":[\"layers.0.q_proj\"]",
            single(2),
            {"has factors for 'model.layers.0.q_proj'", "the configuration leaves out"}},
        Bad{"LayerIsNoNumber", r2 + one + ",\"layers_to_transform\":[\"0\"]", single(2), {"'layers_to_transform'"}},
        Bad{"HostileRank", r2 + one + ",\"rank_pattern\":{\"(?=x)\":2}", single(2), {"look-ahead"}},
        Bad{"Integers", r2 + one + ",\"lora_alpha\":\"8\"", single(2), {"'lora_alpha'", "a number"}}),
    [](const testing::TestParamInfo<Bad> &info) { return info.param.name; });

//===- IA3 -------------------------------------------------------------------===//

const std::string scales = "\"peft_type\":\"IA3\",\"init_ia3_weights\":true,\"target_modules\":[\"q_proj\",\"k_proj\"]";
FileBuilder ia3(std::vector<uint64_t> q, std::vector<uint64_t> k) {
  FileBuilder file;
  for (const char *layer : {"0", "1"})
    file.add(std::string("base_model.model.model.layers.") + layer + ".q_proj.ia3_l", q);
  return file.add("base_model.model.model.layers.0.k_proj.ia3_l", k);
}

// Outputs are scaled, inputs of what feedforward_modules names; names in memory carry the adapter's.
TEST(Ia3, OutputsAndInputs) {
  for (const char *names : {"[\"k_proj\"]", "\".*k_proj\"", "[\"proj_k\",\"0.k_proj\"]"}) {
    Result<Adapter> adapter = read(scales + ",\"feedforward_modules\":" + names, ia3({3, 1}, {1, 4}));
    ASSERT_TRUE(adapter) << adapter.error().message;
    ASSERT_EQ(adapter->deltas.size(), 3u);
    for (const Delta &delta : adapter->deltas) {
      EXPECT_EQ(delta.rank, 0u);
      EXPECT_EQ(delta.inputScale.has_value(), delta.module.ends_with("k_proj")) << delta.module;
      EXPECT_NE(delta.inputScale.has_value(), delta.outputScale.has_value());
    }
  }
  FileBuilder dumped;
  dumped.add("base_model.model.model.layers.0.q_proj.ia3_l.default", {3, 1});
  EXPECT_EQ(
      refusal("\"peft_type\":\"IA3\",\"target_modules\":[\"layers.0.q_proj\"],\"feedforward_modules\":[]", dumped), "");
}

TEST(Ia3, Refusals) {
  const std::string forward = scales + ",\"feedforward_modules\":[\"k_proj\"]";
  auto refuses = [](const std::string &why, const std::string &found) {
    EXPECT_NE(found.find(why), std::string::npos) << found;
  };
  refuses("has shape [3,1], expected [1,4]: feedforward_modules names it", refusal(forward, ia3({3, 1}, {3, 1})));
  refuses("has shape [1,4], expected [3,1]: feedforward_modules does not name it",
          refusal(forward, ia3({1, 4}, {1, 4})));
  refuses("has shape [2,1], expected [3,1]", refusal(forward, ia3({2, 1}, {1, 4})));
  refuses("target_modules names 'model.layers.1.q_proj', but there are no factors",
          refusal(scales, FileBuilder().add("base_model.model.model.layers.0.q_proj.ia3_l", {3, 1})));
  refuses("'base_model.model.model.layers.0.q_proj.lora_A.weight' is no factor of IA3", refusal(forward, single(2)));
  refuses("is no factor of LoRA",
          refusal("\"r\":2," + one, FileBuilder().add("base_model.model.model.layers.0.q_proj.ia3_l", {3, 1})));
  refuses("IA3 is supported on linears only", refusal("\"peft_type\":\"IA3\",\"target_modules\":[\"table\"]",
                                                      FileBuilder().add("base_model.model.model.table.ia3_l", {3, 1})));
  refuses("unknown key 'r'", refusal(forward + ",\"r\":2", ia3({3, 1}, {1, 4})));
  Options twice;
  twice.userScale = 2;
  refuses("has no scale to multiply", refusal(forward, ia3({3, 1}, {1, 4}), twice));
}

TEST(Kind, OthersAreNamed) {
  Temporary hub, other, neither, pickle;
  hub.write("adapter_config.json", R"({"config":{},"version":"adapters.1.0"})");
  other.write("adapter_config.json", R"({"peft_type":"VERA"})");
  neither.write("adapter_config.json", "{}");
  pickle.write("adapter_config.json", R"({"peft_type":"LORA"})");
  pickle.write("adapter_model.bin", "x");
  for (auto [directory, reason] : {std::pair(&hub, "AdapterHub"), std::pair(&other, "\"VERA\""),
                                   std::pair(&neither, "peft_type"), std::pair(&pickle, "no pickles")}) {
    Result<Adapter> adapter = readAdapter("a", directory->directory(), base, {});
    ASSERT_FALSE(adapter);
    EXPECT_NE(adapter.error().message.find(reason), std::string::npos) << adapter.error().message;
  }
}

TEST(AllowDrop, IsTheOnlyWayOut) {
  Options options;
  options.allowDrop = {"*.lora_Q.*"};
  Result<Adapter> adapter = read(r2 + one, single(2).add("base_model.model.model.x.lora_Q.weight", {1}), options);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->notes.size(), 1u);
}

// What is left out is named, and nothing else becomes less strict.
TEST(AllowDrop, OnlyWhatItNames) {
  const std::string both = r2 + "\"target_modules\":[\"q_proj\"]";
  Options options;
  options.allowDrop = {"*.x.weight", "nothing*"};
  std::string missing = refusal(both, single(2).add("base_model.model.model.x.weight", {1}), options);
  EXPECT_NE(missing.find("target_modules names 'model.layers.1.q_proj'"), std::string::npos) << missing;

  FileBuilder whole = FileBuilder().linear("model.layers.0.q_proj", 2).linear("model.layers.1.q_proj", 2);
  options.allowDrop = {"*.layers.1.*"};
  Result<Adapter> adapter = read(both, whole, options);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->deltas.size(), 1u);
  EXPECT_EQ(adapter->dropped.size(), 2u);

  options.allowDrop = {"*.layers.1.q_proj.lora_A.*"};
  std::string half = refusal(both, whole, options);
  EXPECT_NE(half.find("B [3,2] but no A"), std::string::npos) << half;
}

// An adapter of a class with other stems: the same modules, by the names that the base has.
TEST(Naming, OtherClasses) {
  auto modulesOf = [](const std::string &config, const FileBuilder &file) {
    Result<Adapter> adapter = read(r2 + config, file);
    EXPECT_TRUE(adapter) << adapter.error().message;
    std::vector<std::string> names;
    for (size_t i = 0; adapter && i < adapter->deltas.size(); ++i)
      names.push_back(adapter->deltas[i].module);
    for (size_t i = 0; adapter && i < adapter->replacements.size(); ++i)
      names.push_back(adapter->replacements[i].weight);
    EXPECT_TRUE(!adapter || adapter->notes.front().find("another class of the model") != std::string::npos);
    return names;
  };
  using Names = std::vector<std::string>;
  const Names both = {"model.layers.0.q_proj", "model.layers.1.q_proj"};
  EXPECT_EQ(modulesOf("\"target_modules\":[\"q_proj\"]",
                      FileBuilder().linear("layers.0.q_proj", 2).linear("layers.1.q_proj", 2)),
            both);
  EXPECT_EQ(modulesOf("\"target_modules\":\"bert\\\\.model\\\\..*q_proj\"",
                      FileBuilder().linear("bert.model.layers.0.q_proj", 2).linear("bert.model.layers.1.q_proj", 2)),
            both);
  // Patterns are asked by the adapter's names, weights found by them.
  EXPECT_EQ(
      modulesOf(
          "\"target_modules\":[\"layers.0.q_proj\"],\"rank_pattern\":{\"^layers.0.q_proj\":3},\"bias\":\"all\"",
          FileBuilder().linear("layers.0.q_proj", 3).add("base_model.model.layers.0.q_proj.base_layer.bias", {3}, 1)),
      (Names{"model.layers.0.q_proj", "model.layers.0.q_proj.bias"}));
  // One module too many is an error, as ever.
  EXPECT_NE(refusal(r2 + "\"target_modules\":[\"q_proj\"]",
                    FileBuilder().linear("layers.0.q_proj", 2).linear("layers.9.q_proj", 2))
                .find("module 'layers.9.q_proj' is not in the base model"),
            std::string::npos);
}

// Modules and biases that were trained whole; copies of the base's are left out.
TEST(Replacements, WhatTheConfigurationSays) {
  auto replaced = [](const std::string &config, const FileBuilder &file) {
    Result<Adapter> adapter = read(r2 + one + config, file);
    EXPECT_TRUE(adapter) << adapter.error().message;
    std::vector<std::string> names;
    for (const Replacement &entry : adapter ? adapter->replacements : std::vector<Replacement>())
      names.push_back(entry.weight);
    return names;
  };
  using Names = std::vector<std::string>;
  const Names saved = {"model.layers.0.k_proj.bias", "model.layers.0.k_proj.weight"};
  EXPECT_EQ(replaced(",\"modules_to_save\":[\"k_proj\",\"score\"]",
                     single(2).add(k + ".weight", {3, 4}, 1).add(k + ".bias", {3}, 1)),
            saved);
  EXPECT_EQ(replaced(",\"bias\":\"all\"", single(2).add(q + ".base_layer.bias", {3}, 1).add(k + ".bias", {3}, 1)),
            (Names{"model.layers.0.k_proj.bias", "model.layers.0.q_proj.bias"}));
  EXPECT_EQ(replaced(",\"bias\":\"lora_only\"", single(2).add(q + ".base_layer.bias", {3}, 1).add(k + ".bias", {3})),
            (Names{"model.layers.0.q_proj.bias"}));
  EXPECT_EQ(replaced("", single(2).add(q + ".base_layer.weight", {3, 4})), Names());
}

// Patterns beyond linear time: the factors say what is adapted.
TEST(Targets, UnreadPatternsAreNoted) {
  for (std::string key : {"\"target_modules\":\"^(?!.*k_proj).*\\\\bq_proj\"",
                          "\"target_modules\":[\"q_proj\"],\"exclude_modules\":\".*(?=1)1.*\""}) {
    Result<Adapter> adapter = read(r2 + key, single(2));
    ASSERT_TRUE(adapter) << adapter.error().message;
    ASSERT_EQ(adapter->notes.size(), 1u);
    EXPECT_NE(adapter->notes[0].find("the factors say what is adapted"), std::string::npos) << adapter->notes[0];
  }
}

// The name of the adapter in every key, as a dump from memory has it; a name in some keys only is an error.
TEST(Keys, AdapterNames) {
  std::string q = "base_model.model.model.layers.0.q_proj", table = "base_model.model.model.table";
  FileBuilder file;
  file.add(q + ".lora_A.da.weight", {2, 4}).add(q + ".lora_B.da.weight", {3, 2});
  file.add(q + ".lora_magnitude_vector.da.weight", {3});
  FileBuilder mixed = file;
  file.add(table + ".lora_embedding_A.da", {2, 5}).add(table + ".lora_embedding_B.da", {3, 2});
  file.add(table + ".lora_magnitude_vector.da", {3});
  const std::string config = r2 + "\"use_dora\":true,\"target_modules\":[\"layers.0.q_proj\",\"table\"]";
  Result<Adapter> adapter = read(config, file);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->deltas.size(), 2u);
  EXPECT_NE(adapter->notes[0].find("the adapter name 'da'"), std::string::npos);

  mixed.add(table + ".lora_embedding_A", {2, 5}).add(table + ".lora_embedding_B", {3, 2});
  EXPECT_NE(refusal(config, mixed).find("3 unknown tensors"), std::string::npos) << refusal(config, mixed);
}

// Whether an MHA's out_proj counts twice: by its values, the version, the flag.
TEST(OutProj, Twice) {
  auto file = [](char fill) {
    return FileBuilder()
        .add("base_model.model.model.attn.lora_A.weight", {2, 4})
        .add("base_model.model.model.attn.lora_B.weight", {12, 2})
        .add("base_model.model.model.attn.base_layer.out_proj.lora_A.weight", {2, 4})
        .add("base_model.model.model.attn.base_layer.out_proj.lora_B.weight", {4, 2}, fill);
  };
  std::string config = "\"r\":2,\"lora_alpha\":2,\"target_modules\":[\"attn\"],\"peft_version\":";
  auto scale = [&](const char *version, char fill, MhaOutProj flag) {
    Options options;
    options.mhaOutProj = flag;
    Result<Adapter> adapter = read(config + version, file(fill), options);
    return adapter ? adapter->deltas[1].scale : -1.0f;
  };
  EXPECT_EQ(scale("\"0.21.2\"", 0, MhaOutProj::Auto), 1);
  EXPECT_EQ(scale("\"0.21.2\"", 1, MhaOutProj::Auto), 2);
  EXPECT_EQ(scale("\"0.22.0\"", 1, MhaOutProj::Auto), -1); // refused until the flag is given
  EXPECT_EQ(scale("\"0.22.0\"", 1, MhaOutProj::Twice), 2);
  EXPECT_EQ(scale("\"0.21.2\"", 1, MhaOutProj::Once), 1);
}

} // namespace
