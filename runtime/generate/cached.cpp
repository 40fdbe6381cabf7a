#include "runtime/generate/cached.h"

#include "runtime/generate/logits.h"
#include "runtime/generate/padded.h"

#include <array>

namespace ptx {

Result<std::unique_ptr<CachedStepper>> CachedStepper::open(Session &session, const TextModel &model, size_t texts,
                                                           size_t tokens) {
  Result<SessionState *> rows = session.rowsForGeneration(static_cast<uint32_t>(texts), static_cast<uint32_t>(tokens));
  if (!rows)
    return rows.error();
  return std::unique_ptr<CachedStepper>(new CachedStepper(session, model, **rows));
}

Status CachedStepper::start(std::span<const Prompt> prompts) {
  std::vector<const TokenIds *> texts, sources;
  adapters.clear();
  for (const Prompt &prompt : prompts) {
    texts.push_back(&prompt.text);
    sources.push_back(&prompt.source);
    if (prompt.adapter)
      adapters.push_back(*prompt.adapter);
  }
  count = prompts.size();
  Padded text(texts), source(model.hasSource ? sources : texts);
  inputs = {source.idsTensor("input_ids"), source.maskTensor("attention_mask")};
  if (model.hasSource) {
    inputs.push_back(text.idsTensor("decoder_input_ids"));
    inputs.push_back(text.maskTensor("decoder_attention_mask"));
  }
  return call(model.prefill);
}

Status CachedStepper::step(std::span<const size_t> parents, std::span<const int64_t> tokens) {
  // Rows of texts that have ended stand behind those that go on.
  order.assign(parents.begin(), parents.end());
  isParent.assign(count, false);
  for (uint32_t parent : order)
    isParent[parent] = true;
  for (uint32_t row = 0; order.size() < count; ++row)
    if (!isParent[row])
      order.push_back(row);
  if (Status status = rows.reorder(order); !status)
    return status;
  if (!adapters.empty()) {
    std::vector<int64_t> own;
    for (size_t parent : parents)
      own.push_back(adapters[parent]);
    adapters = std::move(own);
  }
  count = parents.size();
  ids.assign(tokens.begin(), tokens.end());
  inputs.assign({{"input_ids", PTX_I64, 1, {count, 0, 0}, ids.data()}});
  return call(model.decode);
}

Status CachedStepper::call(const CachedFunction &function) {
  if (!adapters.empty())
    inputs.push_back({"adapter_ids", PTX_I64, 1, {count, 0, 0}, adapters.data()});
  called = &function;
  return session.callClaimed(*function.record, inputs.data(), inputs.size(), &rows);
}

Result<Logits> CachedStepper::logits() {
  Result<ptx_tensor> values = session.take(*called->record, *called->logits);
  if (!values)
    return values.error();
  const uint64_t shape[] = {count, model.vocabulary};
  if (Status status = checkShape(*values, shape); !status)
    return status.error();
  return Logits{{static_cast<const float *>(values->data), count * model.vocabulary}, model.vocabulary};
}

Result<std::span<const int32_t>> CachedStepper::greatest() {
  if (!called->greatest)
    return Stepper::greatest();
  Result<ptx_tensor> ids = session.take(*called->record, *called->greatest);
  if (!ids)
    return ids.error();
  if (Status status = checkShape(*ids, std::array<uint64_t, 1>{count}); !status)
    return status.error();
  return std::span(static_cast<const int32_t *>(ids->data), count);
}

} // namespace ptx
