#include "runtime/core/manifest.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

using namespace ptx;
using Json = nlohmann::ordered_json;

namespace {

struct Refusal {
  const char *name;
  const char *pointer; // JSON pointer of what is changed
  Json value;
  const char *said; // part of the message
};

void PrintTo(const Refusal &refusal, std::ostream *out) { *out << refusal.name; }

class ManifestRefusal : public ::testing::TestWithParam<Refusal> {};

Json valid() {
  static tiny::Folder folder;
  static Json manifest = tiny::manifestOf(folder.path, tiny::makeWeights(), false);
  return manifest;
}

} // namespace

// The tiny manifest itself is accepted, in both modes.
TEST(Manifest, AcceptsTheTinyModel) {
  tiny::Folder folder;
  for (bool separate : {false, true}) {
    Result<Manifest> manifest = readManifest(tiny::manifestOf(folder.path, tiny::makeWeights(), separate).dump(), "m");
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_EQ(manifest->adapters.size(), 2u);
  }
}

// What is said of generation is read; what is not is not there.
TEST(Manifest, ReadsTheIdsOfGeneration) {
  Json manifest = valid();
  EXPECT_EQ(readManifest(manifest.dump(), "m")->generation, GenerationIds());
  manifest["generation"] = {{"start", 1}, {"eos", {2, 3}}, {"bad_words", {{4}, {5, 6}}}};
  Result<Manifest> read = readManifest(manifest.dump(), "m");
  ASSERT_TRUE(read) << read.error().message;
  GenerationIds ids;
  ids.start = 1;
  ids.eos = {2, 3};
  ids.badWords = {{4}, {5, 6}};
  EXPECT_EQ(read->generation, ids);
}

// Each member can be taken away: the manifest is then refused, not misread.
TEST(Manifest, MissingMembersAreRefused) {
  Json manifest = valid();
  for (auto &[key, value] : manifest.items()) {
    Json cut = manifest;
    cut.erase(key);
    EXPECT_FALSE(readManifest(cut.dump(), "m")) << key;
  }
}

// One thing is wrong; the message names it.
TEST_P(ManifestRefusal, SaysWhatIsWrong) {
  Json manifest = valid();
  manifest[Json::json_pointer(GetParam().pointer)] = GetParam().value;
  Result<Manifest> read = readManifest(manifest.dump(), "model.ptxm");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find(GetParam().said), std::string::npos) << read.error().message;
}

#define FUNCTION "/functions/0"
INSTANTIATE_TEST_SUITE_P(
    Cases, ManifestRefusal,
    ::testing::Values(
        Refusal{"unknown_key", "/surprise", 1, "surprise"}, Refusal{"major", "/format/major", 3, "version 2"},
        Refusal{"mode", "/adapters_mode", "both", "adapters_mode"}, Refusal{"file_index", "/tensors/0/file", 1, "file"},
        Refusal{"dtype", "/tensors/0/dtype", "I8", "I8"}, Refusal{"bytes", "/tensors/0/bytes", 4, "4 bytes"},
        Refusal{"offset", "/tensors/0/offset", 1 << 30, "outside"},
        Refusal{"huge_shape", "/tensors/0/shape", {1u << 29, 1u << 29, 1u << 29}, "tensor 0"},
        Refusal{"negative", "/files/0/size", -1, "size"}, Refusal{"fraction", "/files/0/size", 1.5, "size"},
        Refusal{"site", "/adapters/0/sites/0/site", 9, "site"},
        Refusal{"form", "/adapters/0/sites/0/form", "conv", "form"},
        Refusal{"scale", "/adapters/0/sites/0/scale", 1e300, "scale"},
        Refusal{"adapter_twice", "/adapters/1/name", "da", "da"},
        Refusal{"adapter_none", "/adapters/1/name", "none", "none"},
        Refusal{"counts_itself", FUNCTION "/inputs/0/counting", 0, "counting"},
        Refusal{"mask_counts", FUNCTION "/inputs/1/counting", 0, "counts an input of another kind"},
        Refusal{"op", "/parameters/0/nodes/0/op", "melt", "melt"},
        Refusal{"forward_ref", "/parameters/0/nodes/1/of", 1, "of"},
        Refusal{"no_layout", "/parameters/0/nodes", Json::array({{{"op", "tensor"}, {"tensor", 0}}}), "layout"},
        Refusal{"no_nodes", "/parameters/0/nodes", Json::array(), "layout"},
        Refusal{"fill_size",
                "/parameters/0/nodes/0",
                {{"op", "fill"}, {"rows", 1 << 30}, {"columns", 1 << 30}, {"value", 0}},
                "values"},
        Refusal{"computed_of_itself", "/parameters/7/nodes/0/parameters", {0, 3, 7}, "some of those in front"},
        Refusal{"computed_of_none", "/parameters/7/nodes/0/parameters", Json::array(), "some of those in front"},
        Refusal{"computed_layout", "/parameters/7/nodes/0/layout", "spiral", "expected matrix, table or vector"},
        Refusal{"computed_table", "/parameters/7/nodes/0/dtype", "BF16",
                "only a matrix that is computed is of 16 bits"},
        Refusal{"computed_size", "/parameters/7/nodes/0/columns", uint64_t(1) << 40, "columns"},
        Refusal{"computed_by_none", "/deploy", Json::array(), "writes parameter 'table' 0 times"},
        Refusal{"computed_of_others",
                "/parameters/7/nodes/0/parameters",
                {0, 3, 5},
                "is not the problem of the parameter that it writes"},
        Refusal{"computed_guard", "/deploy/0/problems/0/guard", Json::array({1}),
                "is not the problem of the parameter that it writes"},
        Refusal{"shared_type", "/parameters/8/nodes/0/dtype", "BF16", "is not of type weight of F32"},
        Refusal{"factor",
                "/parameters/2/nodes/0",
                {{"op", "factor_vector"}, {"factor", "chance"}, {"site", 1}, {"rows", 40}},
                "'chance'"},
        Refusal{"deploy_list", "/deploy", "none", "deploy: must be a list"},
        Refusal{"deploy_kernel", "/deploy",
                Json::array({{{"label", "l"}, {"problems", Json::array({{{"kernel", 9}}})}}}), "kernel"},
        Refusal{"width", "/parameters/0/nodes/1/width", uint64_t(1) << 40, "width"},
        Refusal{"input_dims", FUNCTION "/inputs/0/dims", {"B", "T"}, "dims"},
        Refusal{"input_space", FUNCTION "/inputs/0/space", 1, "space"},
        Refusal{"limit", FUNCTION "/inputs/0/limit", 0, "limit"},
        Refusal{"reserved", FUNCTION "/inputs/0/name", "adapter_ids", "adapter_ids"},
        Refusal{"optional", FUNCTION "/inputs/0/optional", true, "must be given"},
        Refusal{"mask", FUNCTION "/spaces/0/mask", 0, "mask"}, Refusal{"slot", FUNCTION "/buffers/0/slot", 3, "slot"},
        Refusal{"output_buffer", FUNCTION "/outputs/0/buffer", 3, "buffer"},
        Refusal{"output_width", FUNCTION "/outputs/0/width", 41, "outside"},
        Refusal{"output_per", FUNCTION "/outputs/0/per", "sequence", "buffer"},
        Refusal{"problem_kernel", FUNCTION "/launches/0/problems/0/kernel", 7, "kernel"},
        Refusal{"word_type",
                FUNCTION "/launches/0/problems/0/args/0",
                {"int", 3},
                "'ids' of 'gather' is not of type index"},
        Refusal{"word_count", FUNCTION "/launches/0/problems/0/args", Json::array(), "with 0 words, it takes 6"},
        Refusal{"pitch_word", FUNCTION "/launches/0/problems/0/args/2", {"pitch", -1}, "pitch"},
        Refusal{"kernel_twice", "/kernels/1/name", "gather", "two are named 'gather'"},
        Refusal{"kernel_word", "/kernels/0/words/0", {"ids", "shape"}, "[name, type]"},
        Refusal{"entry", "/entries/0/kernels/0", "nothing", "kernel that is not there"},
        Refusal{"target_twice", "/targets/1/name", "cpu", "two are named 'cpu'"},
        Refusal{"target_kernels", "/targets/0/kernels", Json::array(), "one record per kernel"},
        Refusal{"metadata", "/targets/0/kernels/0/column_lanes", "wide", "column_lanes"},
        Refusal{"lanes", "/targets/0/geometry/lanes", 0, "lanes"},
        Refusal{"matrix", "/targets/0/geometry/matrix", "spiral", "matrix"},
        Refusal{"element_type", "/parameters/1/nodes/1/dtype", "F64", "'dtype' must be F32, F16 or BF16"},
        Refusal{"element_of_table", "/parameters/0/nodes/1/dtype", "BF16", "is not of type weight of F32"},
        Refusal{"width_of_table",
                "/parameters/0/nodes/1",
                {{"op", "table"}, {"of", 0}, {"width", 5}, {"dtype", "F16"}},
                "a table of 16-bit elements has an even width"},
        Refusal{"element_of_word", "/kernels/0/words/0/2", "I8", "[name, type, dtype]"},
        Refusal{"element_of_parameter", "/parameters/1/nodes/1/dtype", "BF16", "is not of type weight of F32"},
        Refusal{"element_of_buffer", FUNCTION "/buffers/0/dtype", "I8", "'dtype' must be F32, F16, BF16 or I32"},
        Refusal{"element_of_rows", FUNCTION "/buffers/0/dtype", "BF16", "is not of type rows of F32"},
        Refusal{"element_of_output", FUNCTION "/buffers/2/dtype", "F16", "F32"},
        Refusal{"number_per_row", FUNCTION "/buffers/2/dtype", "I32", "neither of F32 nor a number per sequence"},
        Refusal{"on_request", FUNCTION "/outputs/0/on_request", 1, "'on_request' must be true or false"},
        Refusal{"over", FUNCTION "/launches/0/problems/0/over", "pixels", "over"},
        Refusal{"arg_kind", FUNCTION "/launches/0/problems/0/args/0", {"file", 0}, "file"},
        Refusal{"arg_mask", FUNCTION "/launches/0/problems/0/args/0", {"ids", 1}, "mask"},
        Refusal{"arg_buffer", FUNCTION "/launches/0/problems/0/args/3", {"buffer", 7, 0}, "7"},
        Refusal{"arg_column", FUNCTION "/launches/0/problems/0/args/3", {"buffer", 0, 20}, "outside"},
        Refusal{"arg_parameter", FUNCTION "/launches/0/problems/0/args/1", {"parameter", 9}, "9"},
        Refusal{"generation", "/generation", 3, "generation: is"},
        Refusal{"generation_key", "/generation", {{"stop", 3}}, "stop"},
        Refusal{"generation_id", "/generation", {{"pad", -1}}, "'pad' must be an integer from 0 to 2147483647"},
        Refusal{"generation_ids", "/generation", {{"eos", 3}}, "'eos' must be a list"},
        Refusal{"generation_no_ids", "/generation", {{"eos", Json::array()}}, "'eos' must be a list of 1 to 4096 ids"},
        Refusal{"generation_large", "/generation", {{"forced_last", {1ull << 31}}}, "'forced_last' must be a list"},
        Refusal{"generation_words", "/generation", {{"bad_words", {3}}}, "'bad_words' must be a list"},
        Refusal{"keys", FUNCTION "/launches/0/problems/0/keys", 1, "keys"},
        Refusal{"guard", FUNCTION "/launches/0/problems/0/guard", {5}, "guard"},
        Refusal{"reads", FUNCTION "/launches/0/problems/0/reads", Json::array({Json::array({9, 0, 1})}), "reads"},
        Refusal{"writes", FUNCTION "/launches/0/problems/0/writes", Json::array({Json::array({0, 10, 11})}), "writes"}),
    [](const auto &info) { return info.param.name; });
