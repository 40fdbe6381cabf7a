// What a tensor of an adapter is, by its name.
#ifndef PTX_FRONTENDS_PEFT_KEYS_H
#define PTX_FRONTENDS_PEFT_KEYS_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::peft {

enum class Part { A, B, Bias, EmbeddingA, EmbeddingB, Magnitude, Scale };

struct Key {
  std::string module; // path inside the base
  Part part;
  std::string infix; // the adapter's name, which only dumps from memory have
};

/// Nothing for a name that is no factor's. On disk: `<prefix><module>.lora_A.weight`;
/// in memory the adapter's name follows the stem: `.lora_A.default.weight`,
/// `.lora_embedding_A.default`, `.lora_magnitude_vector.default.weight`, `.ia3_l.default`.
std::optional<Key> parseKey(std::string_view name, std::string_view prefix);

/// Where a factor's own part of a name begins, ".lora_" or ".ia3_"; npos where there is none.
size_t stemOf(std::string_view name);

/// ".lora_A.weight" and the like, for messages.
std::vector<std::string> keyEndings();

} // namespace ptx::peft

#endif // PTX_FRONTENDS_PEFT_KEYS_H
