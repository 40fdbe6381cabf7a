#include "runtime/generate/cached.h"

#include "runtime/generate/logits.h"
#include "runtime/generate/padded.h"

namespace ptx {

Result<std::unique_ptr<CachedStepper>> CachedStepper::open(Session &session, const TextModel &model, size_t texts,
                                                           size_t tokens) {
  Result<SessionState *> rows = session.rowsForGeneration(static_cast<uint32_t>(texts), static_cast<uint32_t>(tokens));
  if (!rows)
    return rows.error();
  return std::unique_ptr<CachedStepper>(new CachedStepper(session, model, **rows));
}

Result<Logits> CachedStepper::start(std::span<const Prompt> prompts) {
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
  std::vector<ptx_tensor> inputs = {source.idsTensor("input_ids"), source.maskTensor("attention_mask")};
  if (model.hasSource) {
    inputs.push_back(text.idsTensor("decoder_input_ids"));
    inputs.push_back(text.maskTensor("decoder_attention_mask"));
  }
  return call(*model.prefill, std::move(inputs));
}

Result<Logits> CachedStepper::step(std::span<const size_t> parents, std::span<const int64_t> tokens) {
  // Rows of texts that have ended stand behind those that go on.
  std::vector<uint32_t> order(parents.begin(), parents.end());
  std::vector<bool> isParent(count);
  for (uint32_t parent : order)
    isParent[parent] = true;
  for (uint32_t row = 0; order.size() < count; ++row)
    if (!isParent[row])
      order.push_back(row);
  if (Status status = rows.reorder(order); !status)
    return status.error();
  if (!adapters.empty()) {
    std::vector<int64_t> own;
    for (size_t parent : parents)
      own.push_back(adapters[parent]);
    adapters = std::move(own);
  }
  count = parents.size();
  TokenIds ids(tokens.begin(), tokens.end());
  return call(*model.decode, {{"input_ids", PTX_I64, 1, {count, 0, 0}, ids.data()}});
}

Result<Logits> CachedStepper::call(const FunctionRecord &function, std::vector<ptx_tensor> inputs) {
  if (!adapters.empty())
    inputs.push_back({"adapter_ids", PTX_I64, 1, {count, 0, 0}, adapters.data()});
  Logits logits{{}, model.vocabulary};
  auto keep = [&](std::span<const ptx_tensor> results) -> Status {
    const uint64_t shape[] = {count, model.vocabulary};
    Result<const float *> values = logitsOf(results, shape);
    if (!values)
      return values.error();
    logits.values = {*values, count * model.vocabulary}; // the session's until its next call
    return {};
  };
  if (Status status = session.callClaimed(function, inputs.data(), inputs.size(), keep, &rows); !status)
    return status.error();
  return logits;
}

} // namespace ptx
