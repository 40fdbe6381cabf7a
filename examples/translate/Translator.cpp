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

Translator::Translator(ptx_program *program, const std::string &adapter, const TextRules &rules)
    : program(program), rules(rules) {
  check(ptx_binding_create(program, adapter.c_str(), &binding));
  check(ptx_session_open(binding, &session));
}

Translator::~Translator() {
  ptx_session_close(session);
  ptx_binding_release(binding);
}

std::vector<Ids> Translator::translate(const std::vector<Ids> &sources, const Search &search, const Ids &adapters) {
  ptx_generate_options options = {};
  options.struct_size = sizeof options;
  check(ptx_program_generation(program, &options));
  options.max_new_tokens = search.limit;
  options.beams = search.beams;
  std::vector<size_t> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(sources[a].size(), a) < std::pair(sources[b].size(), b); });
  std::vector<Ids> targets(sources.size());
  for (size_t begin = 0; begin < order.size(); begin += search.batch) {
    size_t end = std::min(begin + search.batch, order.size()), count = end - begin;
    size_t longest = sources[order[end - 1]].size();
    Ids ids(count * longest, rules.pad), mask(count * longest, 0), own;
    for (size_t i = 0; i < count; ++i) {
      const Ids &source = sources[order[begin + i]];
      std::copy(source.begin(), source.end(), ids.data() + i * longest);
      std::fill_n(mask.data() + i * longest, source.size(), 1);
      if (!adapters.empty())
        own.push_back(adapters[order[begin + i]]);
    }
    ptx_tensor inputs[] = {{"input_ids", PTX_I64, 2, {count, longest}, ids.data()},
                           {"attention_mask", PTX_I64, 2, {count, longest}, mask.data()},
                           {"adapter_ids", PTX_I64, 1, {count}, own.data()}};
    const ptx_tensor *outputs;
    size_t outputCount;
    check(
        ptx_session_generate(session, &options, inputs, own.empty() ? 2 : 3, nullptr, nullptr, &outputs, &outputCount));
    const int64_t *generated = static_cast<const int64_t *>(outputs[0].data);
    const int64_t *lengths = static_cast<const int64_t *>(outputs[1].data);
    for (size_t i = 0; i < count; ++i, generated += outputs[0].dims[1])
      targets[order[begin + i]].assign(generated, generated + lengths[i]);
  }
  return targets;
}

std::vector<float> Translator::firstLogits(const Ids &source) {
  Ids ids = source, start = {rules.start};
  ptx_tensor inputs[] = {{"input_ids", PTX_I64, 2, {1, ids.size()}, ids.data()},
                         {"decoder_input_ids", PTX_I64, 2, {1, 1}, start.data()}};
  const ptx_tensor *outputs;
  size_t count;
  check(ptx_session_call(session, "forward", inputs, 2, &outputs, &count));
  const float *logits = static_cast<const float *>(outputs[0].data);
  return {logits, logits + outputs[0].dims[2]};
}

} // namespace translate
