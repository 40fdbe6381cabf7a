// What is done to the scores of a text's next id before one is chosen, in the
// order and with the meaning of Transformers' logits processors.
#ifndef PTX_RUNTIME_GENERATE_PROCESSORS_H
#define PTX_RUNTIME_GENERATE_PROCESSORS_H

#include "runtime/generate/options.h"

namespace ptx {

/// `text`: all ids so far, `added` of them new. `scores` [vocabulary], logits or
/// logarithms of probabilities; -infinity where an id must not come.
///  1. repetition penalty: scores of ids in the text, times it below zero, else divided by it
///  2. no n-gram of `noRepeatNgram` ids comes twice
///  3. no bad word is completed; one that is just an id of `eos` is none
///  4. no id of `eos` among the first `minNewTokens` new ones
///  5. behind a text of one id `forcedFirst` has score 0, all others -infinity
///  6. so have the ids of `forcedLast`, for the last id that there may be
void processScores(const GenerateOptions &options, std::span<const int64_t> text, size_t added,
                   std::span<float> scores);

/// Whether the id with the greatest logit is the one with the greatest score too: nothing forbids it, and no
/// score is raised.
bool keepsGreatest(const GenerateOptions &options, std::span<const int64_t> text, size_t added, int64_t id);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_PROCESSORS_H
