#include "runtime/generate/processors.h"

#include <algorithm>
#include <cmath>
#include <functional>

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

using Forbid = std::function<void(int64_t id)>;

/// Ids that once followed what the text ends with.
void forbidRepeated(size_t size, std::span<const int64_t> text, const Forbid &forbid) {
  if (text.size() < size)
    return;
  std::span<const int64_t> end = text.last(size - 1);
  for (size_t i = 0; i + size <= text.size(); ++i)
    if (std::ranges::equal(text.subspan(i, size - 1), end))
      forbid(text[i + size - 1]);
}

void forbidWords(const GenerateOptions &options, std::span<const int64_t> text, const Forbid &forbid) {
  for (const TokenIds &word : options.ids.badWords) {
    size_t before = word.size() - 1;
    if (before == 0 ? options.isEnd(word[0]) : before > text.size())
      continue;
    if (std::ranges::equal(text.last(before), std::span(word).first(before)))
      forbid(word.back());
  }
}

/// All ids that must not come. A prompt may hold ids that are never generated.
void forbidAll(const GenerateOptions &options, std::span<const int64_t> text, size_t added, const Forbid &forbid) {
  if (options.noRepeatNgram > 0)
    forbidRepeated(options.noRepeatNgram, text, forbid);
  forbidWords(options, text, forbid);
  if (added < options.minNewTokens)
    for (int64_t id : options.ids.eos)
      forbid(id);
}

bool forcesFirst(const GenerateOptions &options, std::span<const int64_t> text) {
  return options.ids.forcedFirst && text.size() == 1;
}

bool forcesLast(const GenerateOptions &options, size_t added) {
  return !options.ids.forcedLast.empty() && added + 1 == options.maxNewTokens;
}

void force(std::span<const int64_t> ids, std::span<float> scores) {
  std::ranges::fill(scores, never);
  for (int64_t id : ids)
    scoreOf(scores, id) = 0;
}

} // namespace

void processScores(const GenerateOptions &options, std::span<const int64_t> text, size_t added,
                   std::span<float> scores) {
  if (options.repetitionPenalty != 1)
    penaliseRepetition(static_cast<float>(options.repetitionPenalty), text, scores);
  forbidAll(options, text, added, [&](int64_t id) {
    if (static_cast<size_t>(id) < scores.size())
      scoreOf(scores, id) = never;
  });
  if (forcesFirst(options, text))
    force({&*options.ids.forcedFirst, 1}, scores);
  if (forcesLast(options, added))
    force(options.ids.forcedLast, scores);
}

bool keepsGreatest(const GenerateOptions &options, std::span<const int64_t> text, size_t added, int64_t id) {
  bool keeps = options.repetitionPenalty == 1 && !forcesFirst(options, text) && !forcesLast(options, added);
  if (keeps)
    forbidAll(options, text, added, [&](int64_t forbidden) { keeps = keeps && forbidden != id; });
  return keeps;
}

} // namespace ptx
