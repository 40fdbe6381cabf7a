#include "runtime/generate/generate.h"

#include "runtime/generate/beams.h"
#include "runtime/generate/processors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ptx {

namespace {

/// Chooses the next id of a text among scores that it may change.
class Chooser {
public:
  explicit Chooser(const GenerateOptions &options) : options(options) {}

  Result<int64_t> choose(std::span<const float> logits, std::span<const int64_t> text, size_t row, size_t step) {
    if (Status status = checkFinite(logits, row); !status)
      return status.error();
    scores.assign(logits.begin(), logits.end());
    processScores(options, text, step, scores);
    if (options.sampling)
      warpScores(*options.sampling, scores);
    auto greatest = std::ranges::max_element(scores); // of equals the first
    if (!std::isfinite(*greatest))
      return Error{"generation: row " + std::to_string(row) +
                   (*greatest < 0 ? ": the options leave no id to choose" : ": the options make scores overflow")};
    if (options.sampling)
      return static_cast<int64_t>(draw(scores, randomOf(options.sampling->seed, row, step)));
    return greatest - scores.begin();
  }

private:
  const GenerateOptions &options;
  std::vector<float> scores;
};

/// An id behind each text that goes on, then a step of the model.
Result<std::vector<TokenIds>> chooseEach(Stepper &model, const GenerateOptions &options,
                                         std::span<const Prompt> prompts, const TokenChosen &chosen) {
  std::vector<TokenIds> rows(prompts.size()), texts;
  for (const Prompt &prompt : prompts)
    texts.push_back(prompt.text);
  std::vector<size_t> open(prompts.size()); // the rows that go on, in the model's order
  std::iota(open.begin(), open.end(), 0);
  Chooser chooser(options);
  Result<Logits> logits = model.start(prompts);
  while (true) {
    if (!logits)
      return logits.error();
    std::vector<size_t> parents, next;
    TokenIds tokens;
    for (size_t i = 0; i < open.size(); ++i) {
      TokenIds &row = rows[open[i]], &text = texts[open[i]];
      Result<int64_t> id = chooser.choose(logits->of(i), text, open[i], row.size());
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
    open = std::move(next);
    if (open.empty())
      return rows;
    logits = model.step(parents, tokens);
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
