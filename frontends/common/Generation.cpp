#include "frontends/common/Generation.h"

#include "runtime/io/checkpoint.h"
#include "runtime/io/file.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace ptx::frontends {

namespace {

constexpr const char *fileName = "generation_config.json";

/// Keys of Transformers' GenerationConfig beside the ids. `Caller`: how to
/// search, which whoever generates says, and what changes no id. `Neutral`:
/// what changes ids and is not computed here, unless it says that nothing changes.
enum class Use { Caller, Neutral };
struct Key {
  std::string_view name;
  Use use;
};
constexpr Key keys[] = {
    {"max_length", Use::Caller},
    {"max_new_tokens", Use::Caller},
    {"min_length", Use::Caller},
    {"min_new_tokens", Use::Caller},
    {"early_stopping", Use::Caller},
    {"max_time", Use::Caller},
    {"do_sample", Use::Caller},
    {"num_beams", Use::Caller},
    {"use_cache", Use::Caller},
    {"use_mtp", Use::Caller},
    {"cache_implementation", Use::Caller},
    {"cache_config", Use::Caller},
    {"max_cache_len", Use::Caller},
    {"return_legacy_cache", Use::Caller},
    {"temperature", Use::Caller},
    {"top_k", Use::Caller},
    {"top_p", Use::Caller},
    {"top_h", Use::Caller},
    {"min_p", Use::Caller},
    {"typical_p", Use::Caller},
    {"epsilon_cutoff", Use::Caller},
    {"eta_cutoff", Use::Caller},
    {"repetition_penalty", Use::Caller},
    {"length_penalty", Use::Caller},
    {"no_repeat_ngram_size", Use::Caller},
    {"renormalize_logits", Use::Caller},
    {"remove_invalid_values", Use::Caller},
    {"num_return_sequences", Use::Caller},
    {"output_attentions", Use::Caller},
    {"output_hidden_states", Use::Caller},
    {"output_scores", Use::Caller},
    {"output_logits", Use::Caller},
    {"return_dict_in_generate", Use::Caller},
    {"low_memory", Use::Caller},
    {"is_assistant", Use::Caller},
    {"num_assistant_tokens", Use::Caller},
    {"num_assistant_tokens_schedule", Use::Caller},
    {"assistant_confidence_threshold", Use::Caller},
    {"assistant_early_exit", Use::Caller},
    {"assistant_lookbehind", Use::Caller},
    {"assistant_ensemble_weight", Use::Caller},
    {"target_lookbehind", Use::Caller},
    {"prompt_lookup_num_tokens", Use::Caller},
    {"max_matching_ngram_size", Use::Caller},
    {"speculation_type", Use::Caller},
    {"compile_config", Use::Caller},
    {"disable_compile", Use::Caller},
    {"continuous_batching_config", Use::Caller},
    {"prefill_chunk_size", Use::Caller},
    {"transformers_version", Use::Caller},
    {"_from_model_config", Use::Caller},
    {"_commit_hash", Use::Caller},
    {"_name_or_path", Use::Caller},
    {"stop_strings", Use::Neutral},
    {"encoder_repetition_penalty", Use::Neutral},
    {"encoder_no_repeat_ngram_size", Use::Neutral},
    {"exponential_decay_length_penalty", Use::Neutral},
    {"suppress_tokens", Use::Neutral},
    {"begin_suppress_tokens", Use::Neutral},
    {"forced_decoder_ids", Use::Neutral},
    {"sequence_bias", Use::Neutral},
    {"token_healing", Use::Neutral},
    {"guidance_scale", Use::Neutral},
    {"watermarking_config", Use::Neutral},
    {"penalty_alpha", Use::Neutral},
    {"dola_layers", Use::Neutral},
    {"diversity_penalty", Use::Neutral},
    {"num_beam_groups", Use::Neutral},
    {"constraints", Use::Neutral},
    {"force_words_ids", Use::Neutral},
};
constexpr std::string_view idKeys[] = {"bos_token_id",           "eos_token_id",        "pad_token_id",
                                       "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id",
                                       "bad_words_ids"};

/// Whether a value says that nothing changes: null, false, nothing in it, and of numbers 0 or a factor of 1.
bool isNeutral(const JsonValue &value) {
  if (value.asBool())
    return !*value.asBool();
  if (std::optional<double> number = value.asNumber())
    return *number == 0 || *number == 1;
  return value.isNull() || (value.asArray() && value.asArray()->empty()) ||
         (value.asObject() && value.asObject()->empty());
}

class Reader {
public:
  Reader(const GenerationSource &source, std::vector<std::string> &notes) : source(source), notes(notes) {}

  Result<GenerationIds> read() {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(source.directory + "/" + fileName, error))) {
      Result<JsonValue> object = readJsonObject(source.directory, fileName, source.followLinks);
      if (!object)
        return object.error();
      own = std::move(*object);
      if (Status status = checkKeys(); !status)
        return status.error();
    }
    const GenerationIds &otherwise = source.otherwise;
    std::optional<int64_t> bos = id("bos_token_id", otherwise.start);
    GenerationIds ids;
    ids.start = id("decoder_start_token_id", bos);
    ids.pad = id("pad_token_id", otherwise.pad, /*fills=*/true);
    ids.eos = list("eos_token_id", otherwise.eos);
    ids.forcedFirst = id("forced_bos_token_id", std::nullopt);
    ids.forcedLast = list("forced_eos_token_id", {});
    readBadWords(ids);
    if (!fault.empty())
      return Error{fault};
    return ids;
  }

private:
  Status checkKeys() {
    std::string path = "'" + printable(source.directory + "/" + fileName) + "': ", unknown;
    for (const auto &[name, value] : *own.asObject()) {
      if (std::ranges::find(idKeys, name) != std::end(idKeys))
        continue;
      const Key *key = std::ranges::find(keys, name, &Key::name);
      if (key == std::end(keys))
        unknown += (unknown.empty() ? "'" : ", '") + printable(name) + "'";
      else if (key->use == Use::Neutral && !isNeutral(value))
        return Error{path + "'" + std::string(name) +
                     "' changes which ids are generated, in a way that is not supported; expected it to be null or "
                     "left out"};
    }
    if (!unknown.empty())
      notes.push_back(path + unknown + " not known, and not used");
    return {};
  }

  /// Where a key is said, and the file that says it; null where it is said nowhere, or null.
  const JsonValue *find(const char *key, std::string &place) {
    const JsonValue *value = own.find(key);
    place = source.directory + "/" + (value ? fileName : "config.json");
    value = value ? value : source.config.find(key);
    isSaid = value != nullptr;
    return value && !value->isNull() ? value : nullptr;
  }

  void refuse(const std::string &place, const char *key, const std::string &found, const std::string &expected) {
    if (fault.empty())
      fault = "'" + printable(place) + "': '" + key + "' " + found + ", expected " + expected;
  }

  /// An id, or nothing for -1 and for one that the vocabulary does not have.
  std::optional<int64_t> check(const JsonValue &value, const std::string &place, const char *key, bool fills = false) {
    std::optional<int64_t> found = value.asInt();
    if (!found || *found < -1 || *found > GenerationIds::most) {
      refuse(place, key, found ? "is " + std::to_string(*found) : "is " + std::string(value.kind()),
             "an id from 0 to " + std::to_string(source.vocabulary - 1));
      return std::nullopt;
    }
    if (*found == -1)
      return std::nullopt;
    if (*found < source.vocabulary || fills)
      return found;
    if (std::exchange(noted, key) != key) // of several one is enough
      notes.push_back("'" + printable(place) + "': '" + key + "' is " + std::to_string(*found) +
                      ", the vocabulary has " + std::to_string(source.vocabulary) + " ids: it never comes");
    return std::nullopt;
  }

  std::optional<int64_t> id(const char *key, std::optional<int64_t> otherwise, bool fills = false) {
    std::string place;
    const JsonValue *value = find(key, place);
    if (value)
      return check(*value, place, key, fills);
    return isSaid ? std::nullopt : otherwise;
  }

  /// One id, or a list of them.
  std::vector<int64_t> list(const char *key, const std::vector<int64_t> &otherwise) {
    std::string place;
    const JsonValue *value = find(key, place);
    if (!value)
      return isSaid ? std::vector<int64_t>() : otherwise;
    const JsonValue::Array single = {*value}, &values = value->asArray() ? *value->asArray() : single;
    if (values.size() > GenerationIds::mostIds)
      refuse(place, key, "has " + std::to_string(values.size()) + " ids",
             "at most " + std::to_string(GenerationIds::mostIds));
    std::vector<int64_t> ids;
    for (const JsonValue &entry : values)
      if (std::optional<int64_t> found = check(entry, place, key); found && ids.size() < GenerationIds::mostIds)
        ids.push_back(*found);
    return ids;
  }

  void readBadWords(GenerationIds &ids) {
    const char *key = "bad_words_ids";
    std::string place;
    const JsonValue *value = find(key, place);
    if (!value)
      return;
    const JsonValue::Array *words = value->asArray();
    if (!words || words->size() > GenerationIds::mostBadWords)
      return refuse(place, key, words ? "has " + std::to_string(words->size()) + " entries" : "is no list",
                    "at most " + std::to_string(GenerationIds::mostBadWords) + " lists of ids");
    for (const JsonValue &word : *words) {
      const JsonValue::Array *entries = word.asArray();
      if (!entries || entries->empty() || entries->size() > GenerationIds::mostIds)
        return refuse(place, key, "holds " + std::string(entries ? "an empty or a very long list" : word.kind()),
                      "lists of ids");
      std::vector<int64_t> found;
      for (const JsonValue &entry : *entries)
        if (std::optional<int64_t> id = check(entry, place, key))
          found.push_back(*id);
      // One with an id that never comes never comes.
      if (found.size() == entries->size())
        ids.badWords.push_back(std::move(found));
    }
  }

  const GenerationSource &source;
  std::vector<std::string> &notes;
  JsonValue own{JsonValue::Object()};
  bool isSaid = false;      // what was looked for last
  std::string fault, noted; // noted: the key that a note was last made of
};

} // namespace

Result<GenerationIds> readGeneration(const GenerationSource &source, std::vector<std::string> &notes) {
  return Reader(source, notes).read();
}

} // namespace ptx::frontends
