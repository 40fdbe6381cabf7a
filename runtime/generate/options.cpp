#include "runtime/generate/options.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace ptx {

namespace {

Error refuse(const std::string &option, const std::string &why) {
  return Error{"generation, option '" + option + "': " + why};
}

std::string textOf(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

Status checkId(const std::string &option, int64_t id, uint64_t limit) {
  if (id < 0 || static_cast<uint64_t>(id) >= limit)
    return refuse(option, "is " + std::to_string(id) + ", expected an id from 0 to " + std::to_string(limit - 1));
  return {};
}

Status checkEach(const std::string &option, const TokenIds &ids, uint64_t limit) {
  if (ids.size() > GenerationIds::mostIds)
    return refuse(option,
                  "are " + std::to_string(ids.size()) + ", expected at most " + std::to_string(GenerationIds::mostIds));
  for (int64_t id : ids)
    if (Status status = checkId(option, id, limit); !status)
      return status;
  return {};
}

Status checkIds(const GenerationIds &ids, const TextModel &model) {
  if (ids.pad)
    if (Status status = checkId("pad_id", *ids.pad, uint64_t(GenerationIds::most) + 1); !status)
      return status;
  for (auto [name, id] : {std::pair("start_id", &ids.start), std::pair("forced_first_id", &ids.forcedFirst)})
    if (*id)
      if (Status status = checkId(name, **id, model.vocabulary); !status)
        return status;
  for (auto [name, list] : {std::pair("eos_ids", &ids.eos), std::pair("forced_last_ids", &ids.forcedLast)})
    if (Status status = checkEach(name, *list, model.vocabulary); !status)
      return status;
  for (const TokenIds &word : ids.badWords) {
    if (word.empty())
      return refuse("bad_words", "one is empty, expected at least one id in each");
    if (Status status = checkEach("bad_words", word, model.vocabulary); !status)
      return status;
  }
  return {};
}

/// That f32 holds it, too.
Status checkNumber(const std::string &option, double number) {
  double narrow = static_cast<float>(number);
  if (std::isfinite(narrow) && narrow > 0)
    return {};
  return refuse(option, "is " + textOf(number) + ", expected a number above 0");
}

Status checkSampling(const Sampling &sampling) {
  if (Status status = checkNumber("temperature", sampling.temperature); !status)
    return status;
  if (!(sampling.topP > 0 && sampling.topP <= 1))
    return refuse("top_p", "is " + textOf(sampling.topP) + ", expected a number above 0, at most 1");
  return {};
}

Status checkBeams(const GenerateOptions &options) {
  if (options.beams < 1 || options.beams > GenerateOptions::mostBeams)
    return refuse("beams", "is " + std::to_string(options.beams) + ", expected 1 to " +
                               std::to_string(GenerateOptions::mostBeams));
  if (options.beams > 1 && options.sampling)
    return refuse("beams", "is " + std::to_string(options.beams) + ", which does not go with 'sample'");
  if (options.beams == 1 && (options.lengthPenalty != 1 || options.earlyStopping != EarlyStopping::Likely))
    return refuse(options.lengthPenalty != 1 ? "length_penalty" : "early_stopping", "has no effect with one beam");
  float longest = static_cast<float>(std::pow(static_cast<double>(options.maxNewTokens), options.lengthPenalty));
  if (!std::isfinite(longest) || longest < std::numeric_limits<float>::min())
    return refuse("length_penalty", "is " + textOf(options.lengthPenalty) + ", expected a number to which " +
                                        std::to_string(options.maxNewTokens) + " can be raised in f32");
  return {};
}

} // namespace

bool GenerateOptions::isEnd(int64_t id) const { return std::ranges::find(ids.eos, id) != ids.eos.end(); }

Status checkOptions(const GenerateOptions &options, const TextModel &model) {
  if (options.maxNewTokens < 1 || options.maxNewTokens > model.positions)
    return refuse("max_new_tokens", "is " + std::to_string(options.maxNewTokens) + ", expected 1 to " +
                                        std::to_string(model.positions) + ", the model's positions");
  if (options.minNewTokens > options.maxNewTokens)
    return refuse("min_new_tokens", "is " + std::to_string(options.minNewTokens) + ", expected at most " +
                                        std::to_string(options.maxNewTokens) + ", which is max_new_tokens");
  if (Status status = checkIds(options.ids, model); !status)
    return status;
  if (Status status = checkNumber("repetition_penalty", options.repetitionPenalty); !status)
    return status;
  if (Status status = checkBeams(options); !status)
    return status;
  if (options.sampling)
    if (Status status = checkSampling(*options.sampling); !status)
      return status;
  if (model.hasSource && !options.ids.start)
    return refuse("start_id", "the model's files name no decoder start id, and none is given");
  return {};
}

Status checkLengths(const GenerateOptions &options, const TextModel &model, std::span<const Prompt> prompts) {
  if (prompts.size() * options.beams > mostTexts)
    return refuse("beams", "is " + std::to_string(options.beams) + ", with " + std::to_string(prompts.size()) +
                               " rows expected at most " + std::to_string(mostTexts / prompts.size()));
  for (size_t row = 0; row < prompts.size(); ++row) {
    size_t known = prompts[row].text.size();
    if (known + options.maxNewTokens > model.positions)
      return Error{"generation: row " + std::to_string(row) + " begins with " + std::to_string(known) + " ids, with " +
                   std::to_string(options.maxNewTokens) + " new ones it has " +
                   std::to_string(known + options.maxNewTokens) + ", the model has " + std::to_string(model.positions) +
                   " positions"};
  }
  return {};
}

} // namespace ptx
