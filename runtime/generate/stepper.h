// The model as generation sees it: texts that grow by a token at a time, and
// the logits of what may come next.
#ifndef PTX_RUNTIME_GENERATE_STEPPER_H
#define PTX_RUNTIME_GENERATE_STEPPER_H

#include "runtime/io/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ptx {

using TokenIds = std::vector<int64_t>;

/// The most texts that grow at once, beams included.
inline constexpr uint64_t mostTexts = 4096;

/// What a text begins with. Padding is gone: rows are as long as they are.
struct Prompt {
  TokenIds source;                // what an encoder reads; empty for a decoder alone
  TokenIds text;                  // what the decoder has read, at least one id
  std::optional<int64_t> adapter; // as in adapter_ids; the session's where there is none
};

/// [texts, width]: of the next token of each text, in the order of the texts.
struct Logits {
  std::span<const float> values;
  size_t width = 0;

  std::span<const float> of(size_t text) const { return values.subspan(text * width, width); }
};

/// Ids and lengths are checked before they come here; errors are the device's,
/// or a cancelled call. After an error only `start` may be called. One thread at
/// a time.
class Stepper {
public:
  virtual ~Stepper() = default;

  /// Begins a text per prompt; earlier ones are forgotten. The prompts outlive the texts.
  virtual Status start(std::span<const Prompt> prompts) = 0;

  /// Text i of now on is text parents[i] of before with tokens[i] behind it. A
  /// parent may come several times (beams multiply) or not at all (its text has
  /// ended); at least one does.
  virtual Status step(std::span<const size_t> parents, std::span<const int64_t> tokens) = 0;

  /// Of the texts as they are now. They live until the next start or step.
  virtual Result<Logits> logits() = 0;
  /// What `greatestOf` says of the logits of each text: from a device that knows it no logits are brought.
  virtual Result<std::span<const int32_t>> greatest();

private:
  std::vector<int32_t> ids; // of greatest
};

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_STEPPER_H
