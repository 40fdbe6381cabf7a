// Whether a program generates text, and the limits of its texts.
#ifndef PTX_RUNTIME_GENERATE_TEXT_MODEL_H
#define PTX_RUNTIME_GENERATE_TEXT_MODEL_H

#include "runtime/core/manifest.h"

namespace ptx {

/// A function over rows that a session keeps: null where the program has none.
struct CachedFunction {
  const FunctionRecord *record = nullptr;
  const OutputRecord *logits = nullptr;
  const OutputRecord *greatest = nullptr; // null in programs that do not say it
};

/// What `forward` takes and gives: a decoder (input_ids, attention_mask), or an
/// encoder-decoder (decoder_input_ids too) whose prompts are sources.
struct TextModel {
  const FunctionRecord *function = nullptr;
  const OutputRecord *logits = nullptr; // of that function
  CachedFunction prefill, decode;       // both, or none
  bool hasSource = false;
  uint64_t vocabulary = 0;  // logits of a position
  uint64_t positions = 0;   // of a text
  uint64_t promptLimit = 0; // prompt ids lie below it
  uint64_t promptPositions = 0;
};

/// An error where the program has no logits over the next token.
Result<TextModel> textModelOf(const Manifest &manifest);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_TEXT_MODEL_H
