#include "runtime/generate/generate.h"

#include "runtime/generate/beams.h"
#include "runtime/generate/logits.h"
#include "runtime/generate/processors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ptx {

namespace {

/// Chooses the next ids of texts. Where the options leave the greatest logits as
/// they are, the model says which those are, and its logits stay where they are.
class Chooser {
public:
  Chooser(Stepper &model, const GenerateOptions &options) : model(model), options(options) {}

  /// Before the ids of a step are asked for.
  Status begin() {
    logits.reset();
    if (options.sampling)
      return {};
    Result<std::span<const int32_t>> found = model.greatest();
    if (found)
      greatest = *found;
    return found ? Status() : found.error();
  }

  /// Of the model's text number `index`, which continues `row`.
  Result<int64_t> choose(size_t index, std::span<const int64_t> text, size_t row, size_t step) {
    if (!options.sampling) {
      if (Status status = checkFinite(greatest[index], row); !status)
        return status.error();
      if (keepsGreatest(options, text, step, greatest[index]))
        return greatest[index];
    }
    if (!logits) {
      Result<Logits> all = model.logits();
      if (!all)
        return all.error();
      logits = *all;
    }
    return chooseAmong(logits->of(index), text, row, step);
  }

private:
  Result<int64_t> chooseAmong(std::span<const float> values, std::span<const int64_t> text, size_t row, size_t step) {
    if (Status status = options.sampling ? checkFinite(values, row) : Status(); !status)
      return status.error();
    scores.assign(values.begin(), values.end());
    processScores(options, text, step, scores);
    if (options.sampling)
      warpScores(*options.sampling, scores);
    auto best = std::ranges::max_element(scores); // of equals the first
    if (!std::isfinite(*best))
      return Error{"generation: row " + std::to_string(row) +
                   (*best < 0 ? ": the options leave no id to choose" : ": the options make scores overflow")};
    if (options.sampling)
      return static_cast<int64_t>(draw(scores, randomOf(options.sampling->seed, row, step)));
    return best - scores.begin();
  }

  Stepper &model;
  const GenerateOptions &options;
  std::span<const int32_t> greatest; // of the step; empty where ids are drawn
  std::optional<Logits> logits;      // once some text has asked for them
  std::vector<float> scores;
};

/// An id behind each text that goes on, then a step of the model.
Result<std::vector<TokenIds>> chooseEach(Stepper &model, const GenerateOptions &options,
                                         std::span<const Prompt> prompts, const TokenChosen &chosen) {
  std::vector<TokenIds> rows(prompts.size()), texts;
  for (const Prompt &prompt : prompts)
    texts.push_back(prompt.text);
  for (size_t i = 0; i < prompts.size(); ++i) { // steps allocate nothing
    rows[i].reserve(options.maxNewTokens);
    texts[i].reserve(texts[i].size() + options.maxNewTokens);
  }
  std::vector<size_t> open(prompts.size()); // the rows that go on, in the model's order
  std::iota(open.begin(), open.end(), 0);
  Chooser chooser(model, options);
  std::vector<size_t> parents, next;
  TokenIds tokens;
  Status computed = model.start(prompts);
  while (true) {
    if (!computed)
      return computed.error();
    if (Status status = chooser.begin(); !status)
      return status.error();
    parents.clear();
    tokens.clear();
    next.clear();
    for (size_t i = 0; i < open.size(); ++i) {
      TokenIds &row = rows[open[i]], &text = texts[open[i]];
      Result<int64_t> id = chooser.choose(i, text, open[i], row.size());
      if (!id)
        return id.error();
      row.push_back(*id);
      text.push_back(*id);
      if (Status status = chosen(open[i], *id); !status)
        return status.error();
      if (options.isEnd(*id) || row.size() == options.maxNewTokens)
        continue;
      parents.push_back(i);
      tokens.push_back(*id);
      next.push_back(open[i]);
    }
    open.swap(next);
    if (open.empty())
      return rows;
    computed = model.step(parents, tokens);
  }
}

} // namespace

Result<std::vector<TokenIds>> generate(Stepper &model, const GenerateOptions &options, std::span<const Prompt> prompts,
                                       const TokenChosen &chosen) {
  if (options.beams == 1)
    return chooseEach(model, options, prompts, chosen);
  Result<std::vector<TokenIds>> rows = searchBeams(model, options, prompts);
  for (size_t row = 0; rows && row < rows->size(); ++row)
    for (int64_t id : (*rows)[row])
      if (Status status = chosen(row, id); !status)
        return status.error();
  return rows;
}

} // namespace ptx
