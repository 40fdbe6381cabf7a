// Any text as an adapter_config.json: an error or a configuration, in bounded time.
#include "frontends/peft/config.h"
#include "frontends/peft/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  ptx::Result<ptx::JsonValue> value = ptx::parseJson(text, "fuzz", ptx::JsonDialect::Python);
  if (!value || !value->asObject())
    return 0;
  ptx::Result<ptx::peft::Config> config = ptx::peft::readConfig(*value, "fuzz");
  if (config)
    for (const auto &[key, rank] : config->rankPattern)
      (void)ptx::peft::keyMatches(key, "model.layers.0.self_attn.q_proj");
  return 0;
}
