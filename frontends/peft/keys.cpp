#include "frontends/peft/keys.h"

namespace ptx::peft {

namespace {

struct Stem {
  std::string_view stem, tail; // on disk: the stem, then the tail
  std::string_view memoryTail; // behind the adapter's name
  Part part;
};
constexpr Stem stems[] = {
    {".lora_A", ".weight", ".weight", Part::A},
    {".lora_B", ".weight", ".weight", Part::B},
    {".lora_B", ".bias", ".bias", Part::Bias},
    {".lora_embedding_A", "", "", Part::EmbeddingA},
    {".lora_embedding_B", "", "", Part::EmbeddingB},
    {".lora_magnitude_vector", "", ".weight", Part::Magnitude},
    {".lora_magnitude_vector", "", "", Part::Magnitude}, // PEFT before 0.11
    {".ia3_l", "", "", Part::Scale},
};

/// ".default" of ".default.weight"; nothing where the text is no adapter's name and the tail.
std::optional<std::string> infixOf(std::string_view text, std::string_view tail) {
  if (!text.ends_with(tail))
    return std::nullopt;
  text.remove_suffix(tail.size());
  bool name =
      text.size() > 1 && text[0] == '.' && text.find('.', 1) == text.npos && text != ".weight" && text != ".bias";
  return name ? std::optional(std::string(text.substr(1))) : std::nullopt;
}

} // namespace

size_t stemOf(std::string_view name) {
  size_t lora = name.rfind(".lora_");
  return lora == name.npos ? name.rfind(".ia3_") : lora;
}

std::optional<Key> parseKey(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix))
    return std::nullopt;
  size_t at = stemOf(name);
  if (at == name.npos || at < prefix.size())
    return std::nullopt;
  std::string module(name.substr(prefix.size(), at - prefix.size()));
  std::string_view rest = name.substr(at);
  for (const Stem &stem : stems) {
    if (!rest.starts_with(stem.stem))
      continue;
    std::string_view tail = rest.substr(stem.stem.size());
    if (tail == stem.tail)
      return Key{module, stem.part, ""};
    if (std::optional<std::string> infix = infixOf(tail, stem.memoryTail))
      return Key{module, stem.part, *infix};
  }
  return std::nullopt;
}

std::vector<std::string> keyEndings() {
  std::vector<std::string> endings;
  for (const Stem &stem : stems)
    endings.push_back(std::string(stem.stem) + std::string(stem.tail));
  return endings;
}

} // namespace ptx::peft
