#include "runtime/generate/processors.h"

#include <algorithm>
#include <cmath>

namespace ptx {

namespace {

constexpr float never = -INFINITY;

float &scoreOf(std::span<float> scores, int64_t id) { return scores[static_cast<size_t>(id)]; }

void penaliseRepetition(float penalty, std::span<const int64_t> text, std::span<float> scores) {
  TokenIds seen(text.begin(), text.end());
  std::ranges::sort(seen);
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (int64_t id : seen)
    if (static_cast<size_t>(id) < scores.size()) { // a prompt may hold ids that are never generated
      float &score = scoreOf(scores, id);
      score = score < 0 ? score * penalty : score / penalty;
    }
}

/// Ids that once followed what the text ends with.
void forbidRepeated(size_t size, std::span<const int64_t> text, std::span<float> scores) {
  if (text.size() < size)
    return;
  std::span<const int64_t> end = text.last(size - 1);
  for (size_t i = 0; i + size <= text.size(); ++i)
    if (std::ranges::equal(text.subspan(i, size - 1), end) && static_cast<size_t>(text[i + size - 1]) < scores.size())
      scoreOf(scores, text[i + size - 1]) = never;
}

void forbidWords(const GenerateOptions &options, std::span<const int64_t> text, std::span<float> scores) {
  for (const TokenIds &word : options.ids.badWords) {
    size_t before = word.size() - 1;
    if (before == 0 ? options.isEnd(word[0]) : before > text.size())
      continue;
    if (std::ranges::equal(text.last(before), std::span(word).first(before)))
      scoreOf(scores, word.back()) = never;
  }
}

void force(std::span<const int64_t> ids, std::span<float> scores) {
  std::ranges::fill(scores, never);
  for (int64_t id : ids)
    scoreOf(scores, id) = 0;
}

} // namespace

Status checkFinite(std::span<const float> values, size_t row) {
  auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end())
    return {};
  return Error{"generation: the logit of id " + std::to_string(bad - values.begin()) + " in row " +
                   std::to_string(row) + " is not finite",
               Cause::Program};
}

void processScores(const GenerateOptions &options, std::span<const int64_t> text, size_t added,
                   std::span<float> scores) {
  const GenerationIds &ids = options.ids;
  if (options.repetitionPenalty != 1)
    penaliseRepetition(static_cast<float>(options.repetitionPenalty), text, scores);
  if (options.noRepeatNgram > 0)
    forbidRepeated(options.noRepeatNgram, text, scores);
  forbidWords(options, text, scores);
  if (added < options.minNewTokens)
    for (int64_t id : ids.eos)
      scoreOf(scores, id) = never;
  if (ids.forcedFirst && text.size() == 1)
    force({&*ids.forcedFirst, 1}, scores);
  if (!ids.forcedLast.empty() && added + 1 == options.maxNewTokens)
    force(ids.forcedLast, scores);
}

} // namespace ptx
