// The caller's tensors as prompts: padding on either side, or within, is gone.
#ifndef PTX_RUNTIME_GENERATE_PROMPTS_H
#define PTX_RUNTIME_GENERATE_PROMPTS_H

#include "runtime/core/manifest.h"
#include "runtime/generate/stepper.h"
#include "runtime/generate/text_model.h"
#include "runtime/ptx.h"

namespace ptx {

/// `input_ids` [B,S], `attention_mask` [B,S] (ones where it is left out) and, of
/// a program that mixes adapters, `adapter_ids` [B]. Positions are counted from
/// the mask. What is wrong with them is said with its place.
Result<std::vector<Prompt>> readPrompts(const Manifest &manifest, const TextModel &model,
                                        std::span<const ptx_tensor> inputs);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_PROMPTS_H
