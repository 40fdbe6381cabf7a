// Values that make factors, or what they are folded into, of no use.
#ifndef PTX_RUNTIME_CORE_FACTORS_H
#define PTX_RUNTIME_CORE_FACTORS_H

#include "runtime/core/deploy.h"

namespace ptx {

/// The greatest size of a value; NaN counts as infinite.
float largestOf(const Matrix &matrix);

/// The first value that is not finite; `largest` is largestOf.
std::optional<size_t> firstNotFinite(const Matrix &matrix, float largest);

/// Whether A [R,IN], B [OUT,R] and s B A of a delta that stays separate are finite: no product is computed but where it
/// may overflow.
Status checkFactors(const Matrix &a, const Matrix &b, float scale);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FACTORS_H
