// The logits among what a function gave.
#ifndef PTX_RUNTIME_GENERATE_LOGITS_H
#define PTX_RUNTIME_GENERATE_LOGITS_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <span>

namespace ptx {

/// Their values, of exactly this shape: a device that takes whole calls answers
/// for itself. They live as long as the results.
Result<const float *> logitsOf(std::span<const ptx_tensor> results, std::span<const uint64_t> shape);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_LOGITS_H
