#include "examples/translate/Translator.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <numeric>

namespace translate {

void check(ptx_status *status) {
  if (!status)
    return;
  std::string message = ptx_status_message(status);
  ptx_status_free(status);
  throw std::runtime_error(message);
}

TextRules readTextRules(const std::string &modelDirectory) {
  std::ifstream file(modelDirectory + "/config.json");
  if (!file)
    throw std::runtime_error("'" + modelDirectory + "/config.json' cannot be read");
  nlohmann::json config = nlohmann::json::parse(file);
  TextRules rules;
  rules.tokenizer = config.at("tokenizer");
  rules.prefix = config.value("source_prefix_token_ids", Ids());
  rules.suffix = config.value("source_suffix_token_ids", Ids());
  rules.pad = config.at("pad_token_id");
  rules.start = config.value("decoder_start_token_id", config.at("bos_token_id").get<int64_t>());
  rules.end = config.at("eos_token_id");
  return rules;
}

Text::Text(const std::string &modelDirectory, const TextRules &rules) : rules(rules) {
  auto status = pieces.Load(modelDirectory + "/" + rules.tokenizer);
  if (!status.ok())
    throw std::runtime_error(status.ToString());
}

Ids Text::encode(const std::string &sentence) const {
  std::vector<int> ids;
  auto status = pieces.Encode(sentence, &ids);
  if (!status.ok())
    throw std::runtime_error(status.ToString());
  Ids source = rules.prefix;
  source.insert(source.end(), ids.begin(), ids.end());
  source.insert(source.end(), rules.suffix.begin(), rules.suffix.end());
  return source;
}

std::string Text::decode(const Ids &tokens) const {
  std::vector<int> ids;
  for (int64_t token : tokens)
    if (token != rules.end && token != rules.pad)
      ids.push_back(static_cast<int>(token));
  std::string text;
  auto status = pieces.Decode(ids, &text);
  if (!status.ok())
    throw std::runtime_error(status.ToString());
  return text;
}

Translator::Translator(ptx_program *program, const std::string &adapter, const TextRules &rules) : rules(rules) {
  check(ptx_binding_create(program, adapter.c_str(), &binding));
  check(ptx_session_open(binding, &session));
}

Translator::~Translator() {
  ptx_session_close(session);
  ptx_binding_release(binding);
}

/// Logits [B,T,V] of padded sources and targets of equal length.
const float *Translator::forward(const std::vector<const Ids *> &sources, const std::vector<Ids *> &targets,
                                 size_t &vocabulary, size_t &length) {
  size_t batch = sources.size(), longest = 0;
  for (const Ids *source : sources)
    longest = std::max(longest, source->size());
  Ids ids(batch * longest, rules.pad), mask(batch * longest, 0), decoder;
  for (size_t i = 0; i < batch; ++i)
    for (size_t j = 0; j < sources[i]->size(); ++j) {
      ids[i * longest + j] = (*sources[i])[j];
      mask[i * longest + j] = 1;
    }
  length = targets[0]->size();
  for (const Ids *target : targets)
    decoder.insert(decoder.end(), target->begin(), target->end());
  ptx_tensor inputs[] = {{"input_ids", PTX_I64, 2, {batch, longest}, ids.data()},
                         {"attention_mask", PTX_I64, 2, {batch, longest}, mask.data()},
                         {"decoder_input_ids", PTX_I64, 2, {batch, length}, decoder.data()}};
  const ptx_tensor *outputs;
  size_t count;
  check(ptx_session_call(session, "forward", inputs, 3, &outputs, &count));
  vocabulary = outputs[0].dims[2];
  return static_cast<const float *>(outputs[0].data);
}

/// Appends to each target its most probable next token.
void Translator::step(const std::vector<const Ids *> &sources, const std::vector<Ids *> &targets) {
  size_t vocabulary, length;
  const float *logits = forward(sources, targets, vocabulary, length);
  for (size_t i = 0; i < targets.size(); ++i) {
    const float *last = logits + ((i + 1) * length - 1) * vocabulary;
    targets[i]->push_back(std::max_element(last, last + vocabulary) - last);
  }
}

std::vector<Ids> Translator::translate(const std::vector<Ids> &sources, size_t limit, size_t batch) {
  std::vector<size_t> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(sources[a].size(), a) < std::pair(sources[b].size(), b); });
  std::vector<Ids> targets(sources.size(), Ids{rules.start});
  for (size_t begin = 0; begin < order.size(); begin += batch) {
    std::vector<size_t> open(order.begin() + static_cast<std::ptrdiff_t>(begin),
                             order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + batch, order.size())));
    for (size_t done = 0; done < limit && !open.empty(); ++done) {
      std::vector<const Ids *> openSources;
      std::vector<Ids *> openTargets;
      for (size_t i : open) {
        openSources.push_back(&sources[i]);
        openTargets.push_back(&targets[i]);
      }
      step(openSources, openTargets);
      std::erase_if(open, [&](size_t i) { return targets[i].back() == rules.end; });
    }
  }
  for (Ids &target : targets)
    target.erase(target.begin()); // the start token
  return targets;
}

std::vector<float> Translator::firstLogits(const Ids &source) {
  Ids target{rules.start};
  size_t vocabulary, length;
  const float *logits = forward({&source}, {&target}, vocabulary, length);
  return {logits, logits + vocabulary};
}

} // namespace translate
