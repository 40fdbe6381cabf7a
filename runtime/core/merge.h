// Merging adapters into pristine weights: f32, one rounding, fixed order.
#ifndef PTX_RUNTIME_CORE_MERGE_H
#define PTX_RUNTIME_CORE_MERGE_H

#include "runtime/core/deploy.h"

namespace ptx {

/// The factors of one delta. linear: W [OUT,IN], A [R,IN], B [OUT,R].
/// embedding: E [V,D], A [R,V], B [D,R]; E gains the transpose of B A.
struct LowRank {
  Matrix a, b, magnitude; // magnitude: no rows without DoRA
  float scale = 1;
  bool embedding = false;
  std::string where; // for errors
};

/// Whether the factors of a delta that stays separate, and their product, are finite.
Status checkFactors(const LowRank &delta);

/// W + s B A; where the delta is exactly zero W keeps its bits. With DoRA
/// g (W + s B A), g = m / norm of each output's weights (arXiv 2402.09353).
/// NaN and infinity, in or out, are errors.
Result<Matrix> mergeLowRank(const Matrix &weight, const LowRank &delta);

/// g as a column [OUT,1].
Result<Matrix> doraGain(const Matrix &weight, const LowRank &delta);

/// b + s b_B.
Result<Matrix> mergeBias(const Matrix &bias, const Matrix &delta, float scale, const std::string &where);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MERGE_H
