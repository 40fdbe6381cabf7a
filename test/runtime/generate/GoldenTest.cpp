// Processors beside Transformers' own, draws beside the same arithmetic in Python: golden.json, by make_golden.py.
#include "runtime/generate/processors.h"
#include "runtime/io/file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace ptx;
using Json = nlohmann::json;

namespace {

const Json &golden() {
  static const Json read = Json::parse(*readWhole(GENERATE_GOLDEN, 1 << 24));
  return read;
}

std::vector<float> scoresOf(const Json &list) {
  std::vector<float> scores;
  for (const Json &score : list)
    scores.push_back(score.is_null() ? -INFINITY : score.get<float>());
  return scores;
}

/// Options by the names that Transformers has for them.
GenerateOptions optionsOf(const Json &json) {
  GenerateOptions options;
  options.repetitionPenalty = json.value("repetition_penalty", 1.0);
  options.noRepeatNgram = json.value("no_repeat_ngram_size", 0u);
  options.minNewTokens = json.value("min_new_tokens", 0u);
  options.maxNewTokens = json.value("max_new_tokens", 100u);
  options.ids.eos = json.value("eos_token_id", TokenIds());
  options.ids.badWords = json.value("bad_words_ids", std::vector<TokenIds>());
  options.ids.forcedLast = json.value("forced_eos_token_id", TokenIds());
  if (json.contains("forced_bos_token_id"))
    options.ids.forcedFirst = json["forced_bos_token_id"].get<int64_t>();
  options.sampling = Sampling{json.value("temperature", 1.0), json.value("top_k", 0u), json.value("top_p", 1.0), 0};
  return options;
}

} // namespace

// Each alone and several together.
TEST(Golden, ScoresAreThoseOfTransformers) {
  ASSERT_GT(golden()["processors"].size(), 30u);
  for (const Json &entry : golden()["processors"]) {
    GenerateOptions options = optionsOf(entry["options"]);
    std::vector<float> scores = scoresOf(entry["scores"]), expected = scoresOf(entry["expected"]);
    processScores(options, entry["text"].get<TokenIds>(), entry["added"], scores);
    warpScores(*options.sampling, scores);
    for (size_t id = 0; id < scores.size(); ++id)
      EXPECT_FLOAT_EQ(scores[id], expected[id]) << id << " with " << entry["options"] << " behind " << entry["text"];
  }
}

// The generator of random numbers is what its comment says.
TEST(Golden, DrawsAreThoseOfPython) {
  for (const Json &entry : golden()["draws"]) {
    double random = randomOf(entry["seed"], entry["row"], entry["step"]);
    EXPECT_EQ(random, entry["random"].get<double>()) << entry["seed"];
    EXPECT_EQ(draw(scoresOf(entry["scores"]), random), entry["id"].get<size_t>()) << entry["seed"];
  }
}

// Draws come as often as they are likely: 40000, within five standard deviations.
TEST(Sample, DrawsAsOftenAsLikely) {
  std::vector<float> scores = {0.5f, -1, 2, -INFINITY, 0, -3};
  constexpr double count = 40000;
  std::vector<double> found(scores.size());
  for (uint64_t i = 0; i < 40000; ++i)
    ++found[draw(scores, randomOf(7, i % 100, i / 100))];
  double whole = 0;
  for (float score : scores)
    whole += std::exp(score);
  for (size_t id = 0; id < scores.size(); ++id) {
    double likely = std::exp(scores[id]) / whole;
    EXPECT_NEAR(found[id], count * likely, 5 * std::sqrt(count * likely * (1 - likely))) << id;
  }
}

// The ends of the range draw the ends of what may come.
TEST(Sample, DrawsWhatMayCome) {
  std::vector<float> scores = {-INFINITY, 1, 0, -INFINITY};
  EXPECT_EQ(draw(scores, 0), 1u);
  EXPECT_EQ(draw(scores, std::nextafter(1.0, 0.0)), 2u);
  EXPECT_EQ(draw(scores, 1), 2u);
}
