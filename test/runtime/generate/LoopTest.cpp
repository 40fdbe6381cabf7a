// The loop over a model that is a hash: rows of their own, ends, what goes wrong.
#include "runtime/generate/generate.h"
#include "runtime/generate/processors.h"
#include "test/runtime/generate/ToyStepper.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace ptx;

namespace {

constexpr size_t vocabulary = 11;

std::vector<Prompt> promptsOf(const std::vector<TokenIds> &texts) {
  std::vector<Prompt> prompts;
  for (const TokenIds &text : texts)
    prompts.push_back({{}, text, std::nullopt});
  return prompts;
}

GenerateOptions optionsOf(uint64_t count, TokenIds ends = {}) {
  GenerateOptions options;
  options.maxNewTokens = count;
  options.ids.eos = std::move(ends);
  return options;
}

/// The greatest score each time, straight from the definition.
TokenIds greedy(TokenIds text, const GenerateOptions &options) {
  TokenIds added;
  while (added.size() < options.maxNewTokens && (added.empty() || !options.isEnd(added.back()))) {
    std::vector<float> scores;
    for (size_t id = 0; id < vocabulary; ++id)
      scores.push_back(ToyStepper::logit(text, static_cast<int64_t>(id)));
    processScores(options, text, added.size(), scores);
    int64_t best = std::ranges::max_element(scores) - scores.begin();
    text.push_back(best);
    added.push_back(best);
  }
  return added;
}

} // namespace

// Each row is continued as if it were alone, up to and with the id that ends it.
TEST(Loop, RowsDoNotDependOnEachOther) {
  std::vector<TokenIds> texts = {{1, 2, 3}, {4}, {5, 6}, {7, 7, 7, 7}};
  std::vector<Prompt> prompts = promptsOf(texts);
  for (const GenerateOptions &options : {optionsOf(1), optionsOf(9), optionsOf(9, {3}), optionsOf(30, {1, 8, 9})}) {
    ToyStepper model(vocabulary);
    Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken);
    ASSERT_TRUE(rows) << rows.error().message;
    for (size_t i = 0; i < texts.size(); ++i)
      EXPECT_EQ((*rows)[i], greedy(texts[i], options)) << i;
  }
}

// Rows that ended are computed no more, and no step follows the last id.
TEST(Loop, StepsOnlyWhatGoesOn) {
  std::vector<Prompt> prompts = promptsOf({{1, 2, 3}, {4}, {5, 6}});
  ToyStepper model(vocabulary);
  Result<std::vector<TokenIds>> rows = generate(model, optionsOf(20, {1, 8}), prompts, ignoreToken);
  ASSERT_TRUE(rows);
  size_t chosen = 0, computed = 0;
  for (const TokenIds &row : *rows)
    chosen += row.size();
  for (size_t count : model.counts)
    computed += count;
  EXPECT_EQ(computed, chosen);
}

// Logits are asked for where an option keeps the greatest from being chosen, and nowhere else.
TEST(Loop, AsksForLogitsWhereItMust) {
  std::vector<Prompt> prompts = promptsOf({{1, 2, 3}});
  auto asked = [&](const GenerateOptions &options) {
    ToyStepper model(vocabulary);
    Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken);
    EXPECT_TRUE(rows && rows->front() == greedy({1, 2, 3}, options));
    return model.asked;
  };
  GenerateOptions options = optionsOf(12);
  EXPECT_EQ(asked(options), 0u);
  TokenIds free = greedy({1, 2, 3}, options);
  options.ids.badWords = {{free[0], free[1], 99}, {98}};
  EXPECT_EQ(asked(options), 0u); // no text ends so
  options.ids.badWords = {{free[3], free[4]}};
  EXPECT_EQ(asked(options), 1u);
  options = optionsOf(12, {free[2]});
  options.minNewTokens = 4;
  EXPECT_EQ(asked(options), 1u);
  options = optionsOf(12);
  options.ids.forcedLast = {3, 4};
  EXPECT_EQ(asked(options), 1u);
  options = optionsOf(12);
  options.repetitionPenalty = 1.5;
  EXPECT_EQ(asked(options), 12u);
}

// Ids are told in the order they come; an error of who listens ends it.
TEST(Loop, TellsIdsAsTheyCome) {
  std::vector<Prompt> prompts = promptsOf({{1}, {2}});
  std::vector<TokenIds> told(2);
  ToyStepper model(vocabulary);
  auto listen = [&](size_t row, int64_t id) -> Status {
    told[row].push_back(id);
    return told[1].size() == 3 ? Status(Error{"enough", Cause::Cancelled}) : Status();
  };
  Result<std::vector<TokenIds>> rows = generate(model, optionsOf(9), prompts, listen);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().message, "enough");
  EXPECT_EQ(told[0], greedy({1}, optionsOf(3)));
  EXPECT_EQ(told[1], greedy({2}, optionsOf(3)));
}

// A model that fails, and logits that say nothing, are errors.
TEST(Loop, ErrorsOfTheModelAreSaid) {
  std::vector<Prompt> prompts = promptsOf({{1}, {2}});
  for (size_t step : {0, 2}) {
    ToyStepper model(vocabulary);
    model.failsAt = step;
    Result<std::vector<TokenIds>> rows = generate(model, optionsOf(9), prompts, ignoreToken);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().message, "the model is tired");
  }
  for (float value : {std::nanf(""), INFINITY, -INFINITY}) {
    ToyStepper model(vocabulary);
    model.poison = value;
    Result<std::vector<TokenIds>> rows = generate(model, optionsOf(9), prompts, ignoreToken);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().message, "generation: the logit of id 10 in row 0 is not finite");
  }
}

// A row's draws depend on its number, its text and the seed alone.
TEST(Loop, SamplesRowsByThemselves) {
  std::vector<Prompt> prompts = promptsOf({{1, 2, 3}, {4}, {5, 6}}), first = promptsOf({{1, 2, 3}});
  GenerateOptions options = optionsOf(20, {3});
  options.sampling = Sampling{1.5, 0, 1, 11};
  ToyStepper model(vocabulary), alone(vocabulary), other(vocabulary);
  Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken),
                                row = generate(alone, options, first, ignoreToken);
  ASSERT_TRUE(rows && row);
  EXPECT_EQ((*rows)[0], (*row)[0]);
  options.sampling->seed = 12;
  row = generate(other, options, first, ignoreToken);
  ASSERT_TRUE(row);
  EXPECT_NE((*rows)[0], (*row)[0]);
}

// Options that leave nothing, or nothing finite, are errors.
TEST(Loop, NothingLeftIsSaid) {
  std::vector<Prompt> prompts = promptsOf({{1}});
  auto said = [&](const GenerateOptions &options) {
    ToyStepper model(vocabulary);
    Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken);
    return rows ? "" : rows.error().message;
  };
  GenerateOptions options = optionsOf(20);
  options.noRepeatNgram = 1;
  EXPECT_EQ(said(options), "generation: row 0: the options leave no id to choose");
  options = optionsOf(20);
  options.sampling = Sampling{1e-45, 0, 1, 0};
  EXPECT_EQ(said(options), "generation: row 0: the options make scores overflow");
}
