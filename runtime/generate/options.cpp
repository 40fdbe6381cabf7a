#include "runtime/generate/options.h"

#include <algorithm>

namespace ptx {

namespace {

Error refuse(const std::string &option, const std::string &why) {
  return Error{"generation, option '" + option + "': " + why};
}

Status checkId(const std::string &option, int64_t id, uint64_t limit) {
  if (id < 0 || static_cast<uint64_t>(id) >= limit)
    return refuse(option, "is " + std::to_string(id) + ", expected an id from 0 to " + std::to_string(limit - 1));
  return {};
}

Status checkIds(const GenerationIds &ids, const TextModel &model) {
  if (ids.pad)
    if (Status status = checkId("pad_id", *ids.pad, uint64_t(GenerationIds::most) + 1); !status)
      return status;
  if (ids.start)
    if (Status status = checkId("start_id", *ids.start, model.vocabulary); !status)
      return status;
  for (int64_t id : ids.eos)
    if (Status status = checkId("eos_ids", id, model.vocabulary); !status)
      return status;
  if (ids.eos.size() > GenerationIds::mostIds)
    return refuse("eos_ids", "are " + std::to_string(ids.eos.size()) + ", expected at most " +
                                 std::to_string(GenerationIds::mostIds));
  return {};
}

} // namespace

bool GenerateOptions::isEnd(int64_t id) const { return std::ranges::find(ids.eos, id) != ids.eos.end(); }

Status checkOptions(const GenerateOptions &options, const TextModel &model) {
  if (options.maxNewTokens < 1 || options.maxNewTokens > model.positions)
    return refuse("max_new_tokens", "is " + std::to_string(options.maxNewTokens) + ", expected 1 to " +
                                        std::to_string(model.positions) + ", the model's positions");
  if (Status status = checkIds(options.ids, model); !status)
    return status;
  if (model.hasSource && !options.ids.start)
    return refuse("start_id", "the model's files name no decoder start id, and none is given");
  return {};
}

Status checkLengths(const GenerateOptions &options, const TextModel &model, std::span<const Prompt> prompts) {
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
