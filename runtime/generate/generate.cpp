#include "runtime/generate/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ptx {

namespace {

/// The place of the greatest value, of equals the first.
size_t greatestOf(std::span<const float> values) {
  return static_cast<size_t>(std::ranges::max_element(values) - values.begin());
}

Status checkFinite(std::span<const float> values, size_t row) {
  auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end())
    return {};
  return Error{"generation: the logit of id " + std::to_string(bad - values.begin()) + " in row " +
                   std::to_string(row) + " is not finite",
               Cause::Program};
}

} // namespace

Result<std::vector<TokenIds>> generate(Stepper &model, const GenerateOptions &options, std::span<const Prompt> prompts,
                                       const TokenChosen &chosen) {
  std::vector<TokenIds> rows(prompts.size());
  std::vector<size_t> open(prompts.size()); // the rows that go on, in the model's order
  std::iota(open.begin(), open.end(), 0);
  Result<Logits> logits = model.start(prompts);
  while (true) {
    if (!logits)
      return logits.error();
    std::vector<size_t> parents, next;
    TokenIds tokens;
    for (size_t i = 0; i < open.size(); ++i) {
      std::span<const float> scores = logits->of(i);
      if (Status status = checkFinite(scores, open[i]); !status)
        return status.error();
      int64_t id = static_cast<int64_t>(greatestOf(scores));
      TokenIds &row = rows[open[i]];
      row.push_back(id);
      if (Status status = chosen(open[i], id); !status)
        return status.error();
      if (options.isEnd(id) || row.size() == options.maxNewTokens)
        continue;
      parents.push_back(i);
      tokens.push_back(id);
      next.push_back(open[i]);
    }
    open = std::move(next);
    if (open.empty())
      return rows;
    logits = model.step(parents, tokens);
  }
}

} // namespace ptx
