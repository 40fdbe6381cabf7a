// Beam search over a model that is a hash: against all texts there are, row by
// row, and what it cannot do. Transformers' own results are golden cases.
#include "runtime/generate/generate.h"
#include "test/runtime/generate/ToyStepper.h"

#include <gtest/gtest.h>

using namespace ptx;

namespace {

GenerateOptions optionsOf(size_t beams, uint64_t count, TokenIds ends = {}) {
  GenerateOptions options;
  options.beams = beams;
  options.maxNewTokens = count;
  options.ids.eos = std::move(ends);
  return options;
}

std::vector<Prompt> promptsOf(const std::vector<TokenIds> &texts) {
  std::vector<Prompt> prompts;
  for (const TokenIds &text : texts)
    prompts.push_back({{}, text, std::nullopt});
  return prompts;
}

/// The likeliest of all continuations that there are, and the logarithm of its probability.
std::pair<double, TokenIds> likeliest(TokenIds text, size_t vocabulary, const GenerateOptions &options,
                                      size_t step = 0) {
  if (step == options.maxNewTokens || (step > 0 && options.isEnd(text.back())))
    return {0, {}};
  double whole = 0;
  for (size_t id = 0; id < vocabulary; ++id)
    whole += std::exp(ToyStepper::logit(text, static_cast<int64_t>(id)));
  std::pair<double, TokenIds> best = {-INFINITY, {}};
  for (size_t id = 0; id < vocabulary; ++id) {
    TokenIds longer = text;
    longer.push_back(static_cast<int64_t>(id));
    auto [score, ids] = likeliest(longer, vocabulary, options, step + 1);
    score += ToyStepper::logit(text, static_cast<int64_t>(id)) - std::log(whole);
    if (score > best.first) {
      ids.insert(ids.begin(), static_cast<int64_t>(id));
      best = {score, ids};
    }
  }
  return best;
}

} // namespace

// With a beam for every text the likeliest of all is found.
TEST(Beams, EnoughOfThemFindTheBest) {
  constexpr size_t vocabulary = 4;
  for (int64_t first = 0; first < 20; ++first)
    for (const TokenIds &ends : {TokenIds{}, {3}, {1, 2}}) {
      GenerateOptions options = optionsOf(64, 4, ends);
      options.lengthPenalty = 0;
      options.earlyStopping = EarlyStopping::Never;
      ToyStepper model(vocabulary);
      std::vector<Prompt> prompts = promptsOf({{first, 2}});
      Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken);
      ASSERT_TRUE(rows) << rows.error().message;
      EXPECT_EQ((*rows)[0], likeliest({first, 2}, vocabulary, options).second) << first;
    }
}

// A row finds what it finds alone; what is found is told when all is known.
TEST(Beams, RowsDoNotDependOnEachOther) {
  constexpr size_t vocabulary = 11;
  std::vector<TokenIds> texts = {{1, 2, 3}, {4}, {5, 6}, {7, 7, 7, 7}};
  for (EarlyStopping stopping : {EarlyStopping::Likely, EarlyStopping::Yes, EarlyStopping::Never})
    for (double penalty : {-1.0, 1.0, 2.0}) {
      GenerateOptions options = optionsOf(3, 8, {2, 9});
      options.earlyStopping = stopping;
      options.lengthPenalty = penalty;
      ToyStepper model(vocabulary);
      std::vector<Prompt> prompts = promptsOf(texts);
      std::vector<TokenIds> told(texts.size());
      auto listen = [&](size_t row, int64_t id) -> Status {
        told[row].push_back(id);
        return {};
      };
      Result<std::vector<TokenIds>> rows = generate(model, options, prompts, listen);
      ASSERT_TRUE(rows) << rows.error().message;
      EXPECT_EQ(told, *rows);
      for (size_t i = 0; i < texts.size(); ++i) {
        ToyStepper alone(vocabulary);
        std::vector<Prompt> prompt = promptsOf({texts[i]});
        Result<std::vector<TokenIds>> row = generate(alone, options, prompt, ignoreToken);
        ASSERT_TRUE(row);
        EXPECT_EQ((*rows)[i], (*row)[0]) << i;
      }
    }
}

// One step computes the prompts, each further one all beams of rows that go on.
TEST(Beams, StepsComputeTheBeams) {
  ToyStepper model(11);
  std::vector<Prompt> prompts = promptsOf({{1}, {2}});
  ASSERT_TRUE(generate(model, optionsOf(3, 4), prompts, ignoreToken));
  EXPECT_EQ(model.counts, (std::vector<size_t>{2, 6, 6, 6}));
}

// More beams than ids, options that leave no id, a model that fails.
TEST(Beams, NarrowModelsAndErrors) {
  std::vector<Prompt> prompts = promptsOf({{1}});
  for (size_t vocabulary : {1, 2, 3}) {
    ToyStepper model(vocabulary);
    Result<std::vector<TokenIds>> rows = generate(model, optionsOf(7, 5), prompts, ignoreToken);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ((*rows)[0].size(), 5u);
  }
  auto said = [&](ToyStepper &model, const GenerateOptions &options) {
    Result<std::vector<TokenIds>> rows = generate(model, options, prompts, ignoreToken);
    return rows ? "" : rows.error().message;
  };
  GenerateOptions options = optionsOf(3, 9);
  options.noRepeatNgram = 1;
  ToyStepper narrow(4), tired(4), poisoned(4);
  EXPECT_EQ(said(narrow, options), "generation: row 0: the options leave no id to choose");
  tired.failsAt = 1;
  EXPECT_EQ(said(tired, optionsOf(3, 9)), "the model is tired");
  poisoned.poison = NAN;
  EXPECT_EQ(said(poisoned, optionsOf(3, 9)), "generation: the logit of id 3 in row 0 is not finite");
}
