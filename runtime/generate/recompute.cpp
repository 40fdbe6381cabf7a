#include "runtime/generate/recompute.h"

#include "runtime/generate/logits.h"
#include "runtime/generate/padded.h"

#include <algorithm>

namespace ptx {

namespace {

/// Values of logits that one call may give: all positions have some, and only
/// the last ones are wanted. Texts beyond it take another call.
constexpr size_t mostLogits = 16u << 20;

} // namespace

Status RecomputingStepper::start(std::span<const Prompt> prompts) {
  texts.clear();
  for (const Prompt &prompt : prompts)
    texts.push_back({&prompt, prompt.text});
  return compute();
}

Status RecomputingStepper::step(std::span<const size_t> parents, std::span<const int64_t> tokens) {
  std::vector<Text> grown;
  for (size_t i = 0; i < parents.size(); ++i) {
    grown.push_back(texts[parents[i]]);
    grown.back().ids.push_back(tokens[i]);
  }
  texts = std::move(grown);
  return compute();
}

Status RecomputingStepper::compute() {
  values.resize(texts.size() * model.vocabulary);
  size_t longest = 1;
  for (const Text &text : texts)
    longest = std::max(longest, text.ids.size());
  size_t group = std::max<size_t>(1, mostLogits / (longest * model.vocabulary));
  for (size_t begin = 0; begin < texts.size(); begin += group)
    if (Status status = computeTexts(begin, std::min(texts.size(), begin + group)); !status)
      return status;
  return {};
}

/// One call. Positions behind a text's last one are masked, or, where the
/// decoder has no mask, behind what causality lets the last one see.
Status RecomputingStepper::computeTexts(size_t begin, size_t end) {
  std::vector<const TokenIds *> ids, sources;
  TokenIds adapters;
  for (size_t i = begin; i < end; ++i) {
    ids.push_back(&texts[i].ids);
    sources.push_back(&texts[i].prompt->source);
    if (texts[i].prompt->adapter)
      adapters.push_back(*texts[i].prompt->adapter);
  }
  Padded text(ids), source(model.hasSource ? sources : ids);
  std::vector<ptx_tensor> inputs = {source.idsTensor("input_ids"), source.maskTensor("attention_mask")};
  if (model.hasSource)
    inputs.push_back(text.idsTensor("decoder_input_ids"));
  if (!adapters.empty())
    inputs.push_back({"adapter_ids", PTX_I64, 1, {adapters.size(), 0, 0}, adapters.data()});
  uint64_t count = end - begin, length = text.width();
  if (Status status = session.callClaimed(*model.function, inputs.data(), inputs.size()); !status)
    return status;
  Result<ptx_tensor> logits = session.take(*model.function, *model.logits);
  if (!logits)
    return logits.error();
  const uint64_t shape[] = {count, length, model.vocabulary};
  if (Status status = checkShape(*logits, shape); !status)
    return status;
  for (size_t i = begin; i < end; ++i) {
    size_t row = (i - begin) * length + texts[i].ids.size() - 1;
    std::copy_n(static_cast<const float *>(logits->data) + row * model.vocabulary, model.vocabulary,
                values.data() + i * model.vocabulary);
  }
  return {};
}

} // namespace ptx
