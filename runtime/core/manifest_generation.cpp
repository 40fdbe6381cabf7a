#include "runtime/core/manifest_generation.h"

namespace ptx {

namespace {

class GenerationReader {
public:
  GenerationReader(const JsonValue &value, Faults &faults) : fields(value, "generation", faults), faults(faults) {}

  GenerationIds read() {
    GenerationIds ids;
    ids.start = id("start");
    ids.pad = id("pad");
    ids.forcedFirst = id("forced_first");
    ids.eos = list("eos");
    ids.forcedLast = list("forced_last");
    if (const JsonValue *words = fields.optional("bad_words"))
      readWords(*words, ids);
    fields.finish();
    return ids;
  }

private:
  std::optional<int64_t> id(const char *key) {
    if (!fields.optional(key))
      return std::nullopt;
    return static_cast<int64_t>(fields.uinteger(key, GenerationIds::most));
  }

  std::vector<int64_t> list(const char *key) {
    const JsonValue *value = fields.optional(key);
    return value ? idsOf(key, *value) : std::vector<int64_t>();
  }

  std::vector<int64_t> idsOf(const char *key, const JsonValue &value) {
    const JsonValue::Array *array = value.asArray();
    std::vector<int64_t> ids;
    for (size_t i = 0; array && i < array->size() && array->size() <= GenerationIds::mostIds; ++i)
      if (std::optional<uint64_t> id = (*array)[i].asUint(); id && *id <= uint64_t(GenerationIds::most))
        ids.push_back(static_cast<int64_t>(*id));
    if (!array || ids.empty() || ids.size() != array->size())
      faults.add(fields.place(), std::string("'") + key + "' must be a list of 1 to " +
                                     std::to_string(GenerationIds::mostIds) + " ids below 2^31");
    return ids;
  }

  void readWords(const JsonValue &value, GenerationIds &ids) {
    const JsonValue::Array *array = value.asArray();
    if (!array || array->empty() || array->size() > GenerationIds::mostBadWords)
      return faults.add(fields.place(), "'bad_words' must be a list of 1 to " +
                                            std::to_string(GenerationIds::mostBadWords) + " lists of ids");
    for (const JsonValue &word : *array)
      ids.badWords.push_back(idsOf("bad_words", word));
  }

  Fields fields;
  Faults &faults;
};

} // namespace

GenerationIds readGeneration(const JsonValue &value, Faults &faults) { return GenerationReader(value, faults).read(); }

} // namespace ptx
