// The factors of adapters that stay separate.
#ifndef PTX_RUNTIME_CORE_FACTORS_H
#define PTX_RUNTIME_CORE_FACTORS_H

#include "runtime/core/deploy.h"

namespace ptx {

/// Whether A [R,IN], B [OUT,R] and s B A are finite: no product is computed but where it may overflow.
Status checkFactors(const Matrix &a, const Matrix &b, float scale);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FACTORS_H
