// What a generation is asked for.
#ifndef PTX_RUNTIME_GENERATE_OPTIONS_H
#define PTX_RUNTIME_GENERATE_OPTIONS_H

#include "runtime/generate/ids.h"
#include "runtime/generate/sample.h"
#include "runtime/generate/stepper.h"
#include "runtime/generate/text_model.h"

namespace ptx {

/// When a search of beams has found enough: when no running text is likely to be
/// better than those that ended, as soon as there are as many as beams, or when
/// none can be better at any length. Transformers' False, True and "never".
enum class EarlyStopping { Likely, Yes, Never };

struct GenerateOptions {
  GenerationIds ids;
  uint64_t maxNewTokens = 0, minNewTokens = 0;
  double repetitionPenalty = 1; // 1: none
  uint64_t noRepeatNgram = 0;   // 0: all may come again
  size_t beams = 1;             // 1: no search
  double lengthPenalty = 1;     // of beams: above 0 longer texts score better
  EarlyStopping earlyStopping = EarlyStopping::Likely;
  static constexpr size_t mostBeams = 256;
  std::optional<Sampling> sampling; // none: the greatest score each time

  bool isEnd(int64_t id) const;
  /// What fills rows that ended before others: only an id of `eos` ends one.
  int64_t padding() const { return ids.pad ? *ids.pad : ids.eos.empty() ? 0 : ids.eos.front(); }
};

/// Whether the options make sense for a model; what does not is named with what was expected.
Status checkOptions(const GenerateOptions &options, const TextModel &model);

/// Whether prompts and what is asked for fit into the model's positions.
Status checkLengths(const GenerateOptions &options, const TextModel &model, std::span<const Prompt> prompts);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_OPTIONS_H
