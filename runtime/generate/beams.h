// Beam search, as Transformers 5 does it.
#ifndef PTX_RUNTIME_GENERATE_BEAMS_H
#define PTX_RUNTIME_GENERATE_BEAMS_H

#include "runtime/generate/options.h"
#include "runtime/generate/stepper.h"

namespace ptx {

/// The new ids of the best text found for each prompt, which depend on no other
/// prompt. `options.beams` is more than 1; options and lengths are checked.
Result<std::vector<TokenIds>> searchBeams(Stepper &model, const GenerateOptions &options,
                                          std::span<const Prompt> prompts);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_BEAMS_H
