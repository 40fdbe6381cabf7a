// What a function gave, as generation reads it.
#ifndef PTX_RUNTIME_GENERATE_LOGITS_H
#define PTX_RUNTIME_GENERATE_LOGITS_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <span>

namespace ptx {

/// An error where a result is not of this shape: a device that takes whole calls answers for itself.
Status checkShape(const ptx_tensor &result, std::span<const uint64_t> shape);

/// The id of the greatest logit, of equals the first; -1 - i where that of id i is the first that is not finite.
int32_t greatestOf(std::span<const float> logits);

/// An error that names the id where logits are not finite; also from what `greatestOf` says of them.
Status checkFinite(std::span<const float> logits, size_t row);
Status checkFinite(int32_t greatest, size_t row);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_LOGITS_H
