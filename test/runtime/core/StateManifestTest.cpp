// What a manifest says of rows that a session keeps, and of chunks of their keys.
#include "runtime/core/manifest.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

using namespace ptx;
using Json = nlohmann::ordered_json;

namespace {

struct Change {
  const char *name;
  const char *pointer; // in the function "decode"
  Json value;
  const char *said; // part of the message
};

void PrintTo(const Change &change, std::ostream *out) { *out << change.name; }

class StateRefusal : public ::testing::TestWithParam<Change> {};

/// Adds a kernel of a skeleton, which bears its name, and its record of each target; returns its number.
size_t addKernel(Json &manifest, const std::string &skeleton) {
  Json words = Json::array();
  for (const words::Word &word : words::signatureOf(skeleton, {}))
    words.push_back({word.name, std::string(words::nameOf(word.type))});
  manifest["kernels"].push_back({{"name", skeleton}, {"words", words}});
  for (Json &target : manifest["targets"])
    if (target.contains("kernels"))
      target["kernels"].push_back({{"row_grain", 1}});
  return manifest["kernels"].size() - 1;
}

Json problem(size_t kernel, int space, const char *over, Json args) {
  return {{"kernel", kernel}, {"label", "p"}, {"space", space}, {"over", over},           {"columns", 2},
          {"flops", 1},       {"bytes", 1},   {"args", args},   {"reads", Json::array()}, {"writes", Json::array()}};
}

Json launch(Json problem) { return {{"label", "l"}, {"problems", Json::array({problem})}}; }

/// The tiny manifest, with a function that continues texts: keys come by chunks of 64.
Json valid() {
  static tiny::Folder folder;
  Json manifest = tiny::manifestOf(folder.path, tiny::makeWeights(), false);
  manifest["histories"] = Json::array({{{"name", "text"}, {"max_length", 1000}}});
  manifest["caches"] = Json::array({{{"name", "kv"}, {"history", 0}, {"width", 16}}});
  size_t append = addKernel(manifest, "append"), chunk = addKernel(manifest, "attention_chunk"),
         join = addKernel(manifest, "attention_join");
  auto rows = [](int number, int column = 0) { return Json::array({"buffer", number, column}); };
  auto pitch = [](int width) { return Json::array({"pitch", width}); };
  auto integer = [](int value) { return Json::array({"int", value}); };
  auto field = [](int space, const char *name) { return Json::array({"rows", space, name}); };
  Json chunks = problem(chunk, 1, "chunks",
                        {rows(1), pitch(16), rows(0), pitch(16), rows(0, 8), pitch(16), rows(3), pitch(64), integer(64),
                         field(1, "chunks"), field(1, "begin"), field(1, "keys")});
  chunks.update({{"per_key", true}, {"keys", 1}, {"when", "several"}});
  Json joins =
      problem(join, 0, "sequences", {rows(3), pitch(64), rows(2), pitch(8), integer(64), field(1, "chunk_begin")});
  joins.update({{"keys", 1}, {"when", "several"}});
  manifest["functions"].push_back(
      {{"name", "decode"},
       {"inputs",
        Json::array(
            {{{"name", "ids"}, {"kind", "ids"}, {"dims", {"B"}}, {"space", 0}, {"limit", 30}, {"optional", false}}})},
       {"spaces", Json::array({{{"name", "new"},
                                {"dims", {"B"}},
                                {"mask", -1},
                                {"keep_first", false},
                                {"max_length", 1000},
                                {"continues", 0}},
                               {{"held", 0}, {"of", 0}, {"chunk", 64}}})},
       {"buffers", Json::array({{{"cache", 0}, {"space", 1}, {"per", "row"}, {"width", 16}},
                                {{"slot", 0}, {"space", 0}, {"per", "row"}, {"width", 16}},
                                {{"slot", 1}, {"space", 0}, {"per", "row"}, {"width", 8}},
                                {{"slot", 2}, {"space", 1}, {"per", "chunk"}, {"width", 64}}})},
       {"slots", 3},
       {"outputs",
        Json::array({{{"name", "y"}, {"buffer", 2}, {"column", 0}, {"width", 8}, {"space", 0}, {"per", "row"}}})},
       {"launches",
        Json::array({launch(problem(append, 0, "rows",
                                    {rows(1), pitch(16), rows(0), pitch(16), integer(16), field(0, "cells")})),
                     launch(chunks), launch(joins)})}});
  return manifest;
}

} // namespace

TEST(StateManifest, AcceptsAFunctionThatContinuesTexts) {
  Result<Manifest> manifest = readManifest(valid().dump(), "m");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const FunctionRecord &decode = manifest->functions.back();
  EXPECT_EQ(decode.spaces[1].chunk, 64u);
  EXPECT_TRUE(decode.buffers[3].perChunk);
  EXPECT_EQ(decode.launches[1].problems[0].over, Over::Chunks);
  EXPECT_EQ(decode.launches[2].problems[0].when, When::Several);
}

// One thing is wrong; the message says what.
TEST_P(StateRefusal, SaysWhatIsWrong) {
  Json manifest = valid();
  manifest["functions"].back()[Json::json_pointer(GetParam().pointer)] = GetParam().value;
  Result<Manifest> read = readManifest(manifest.dump(), "model.ptxm");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find(GetParam().said), std::string::npos) << read.error().message;
}

static constexpr const char *held = "uses what a session holds as nothing but appends and attentions may",
                            *ofChunks = "uses chunks of keys as nothing but attentions by chunks and their joins may";
INSTANTIATE_TEST_SUITE_P(
    Cases, StateRefusal,
    ::testing::Values(Change{"history", "/spaces/0/continues", 1, "continues"},
                      Change{"cells", "/launches/0/problems/0/args/5/2", "position", held},
                      Change{"cache_of_another_width", "/buffers/0/width", 18, "is not what its cache is"},
                      Change{"cache_as_x", "/launches/0/problems/0/args/0/1", 0, held},
                      Change{"keys_of_no_history", "/launches/1/problems/0/args/11/1", 0, held},
                      Change{"no_chunks", "/spaces/1/chunk", 0, "is no cache, over what is held"},
                      Change{"huge_chunk", "/spaces/1/chunk", uint64_t(1) << 40, "chunk"},
                      Change{"states_per_row", "/buffers/3/per", "row", "is no cache, over what is held"},
                      Change{"states_of_rows", "/buffers/3/space", 0, "is no cache, over what is held"},
                      Change{"per", "/buffers/3/per", "head", "'per' must be"},
                      Change{"when", "/launches/1/problems/0/when", "never", "'when' must be one or several"},
                      Change{"when_without_chunks", "/launches/2/problems/0/keys", 0, "speaks of chunks"},
                      Change{"over_chunks_of_rows", "/launches/0/problems/0/over", "chunks", "speaks of chunks"},
                      Change{"over", "/launches/1/problems/0/over", "heads",
                             "'over' must be rows, blocks, sequences or chunks"},
                      Change{"chunks_over_sequences", "/launches/1/problems/0/over", "sequences", held},
                      Change{"join_over_rows", "/launches/2/problems/0/over", "rows", ofChunks},
                      Change{"chunks_word", "/launches/1/problems/0/args/9/2", "keys", held},
                      Change{"join_word", "/launches/2/problems/0/args/5/2", "chunks", held},
                      Change{"states_elsewhere", "/launches/1/problems/0/args/6/1", 1, ofChunks},
                      Change{"join_of_rows", "/launches/2/problems/0/args/0/1", 1, ofChunks},
                      Change{"output", "/outputs/0/buffer", 3, "reads a cache, or what chunks give"}),
    [](const auto &info) { return std::string(info.param.name); });
