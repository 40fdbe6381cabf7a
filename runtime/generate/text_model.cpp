#include "runtime/generate/text_model.h"

#include <algorithm>

namespace ptx {

namespace {

template <typename Record> const Record *findNamed(const std::vector<Record> &records, std::string_view name) {
  auto found = std::ranges::find(records, name, &Record::name);
  return found == records.end() ? nullptr : &*found;
}

CachedFunction findCached(const Manifest &manifest, std::string_view name, uint64_t vocabulary) {
  const FunctionRecord *function = findNamed(manifest.functions, name);
  const OutputRecord *logits = function ? findNamed(function->outputs, "logits") : nullptr;
  if (!logits || !logits->perSequence || logits->width != vocabulary || !function->hasState())
    return {};
  const OutputRecord *greatest = findNamed(function->outputs, "greatest_ids");
  return {function, logits, greatest && greatest->element == DType::I32 ? greatest : nullptr};
}

/// prefill and decode, where they give logits over the same vocabulary.
void findCached(const Manifest &manifest, TextModel &model) {
  CachedFunction prefill = findCached(manifest, "prefill", model.vocabulary),
                 decode = findCached(manifest, "decode", model.vocabulary);
  if (!prefill.record || !decode.record)
    return;
  for (const char *name : {"decoder_input_ids", "decoder_attention_mask"})
    if (model.hasSource != (findNamed(prefill.record->inputs, name) != nullptr))
      return;
  model.prefill = prefill;
  model.decode = decode;
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
  TextModel model;
  model.function = forward;
  model.logits = logits;
  model.hasSource = target != nullptr;
  model.vocabulary = logits->width;
  model.positions = forward->spaces[text->space].maxLength;
  model.promptLimit = ids->limit;
  model.promptPositions = forward->spaces[ids->space].maxLength;
  findCached(manifest, model);
  return model;
}

} // namespace ptx
