#include "runtime/generate/text_model.h"

#include <algorithm>

namespace ptx {

namespace {

template <typename Record> const Record *findNamed(const std::vector<Record> &records, std::string_view name) {
  auto found = std::ranges::find(records, name, &Record::name);
  return found == records.end() ? nullptr : &*found;
}

} // namespace

Result<TextModel> textModelOf(const Manifest &manifest) {
  const FunctionRecord *forward = findNamed(manifest.functions, "forward");
  const InputRecord *ids = forward ? findNamed(forward->inputs, "input_ids") : nullptr;
  const InputRecord *mask = forward ? findNamed(forward->inputs, "attention_mask") : nullptr;
  const InputRecord *target = forward ? findNamed(forward->inputs, "decoder_input_ids") : nullptr;
  const OutputRecord *logits = forward ? findNamed(forward->outputs, "logits") : nullptr;
  const InputRecord *text = target ? target : ids;
  bool readsText = ids && !ids->mask && mask && mask->mask && mask->space == ids->space && !text->mask;
  if (!readsText || !logits || logits->perSequence || logits->space != text->space || logits->width == 0 ||
      logits->width > text->limit)
    return Error{"the program does not generate text: it has no function 'forward' from 'input_ids' and "
                 "'attention_mask' to 'logits' of each position over a vocabulary",
                 Cause::NotFound};
  return TextModel{forward,       target != nullptr,
                   logits->width, forward->spaces[text->space].maxLength,
                   ids->limit,    forward->spaces[ids->space].maxLength};
}

} // namespace ptx
