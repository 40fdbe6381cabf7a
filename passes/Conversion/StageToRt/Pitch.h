// What the plan and the deploy table must agree on.
#ifndef PTX_PASSES_CONVERSION_STAGETORT_PITCH_H
#define PTX_PASSES_CONVERSION_STAGETORT_PITCH_H

#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace ptx::rt {

inline constexpr int64_t lanes = 16;

/// Floats between rows of `width` floats. Rows start on cache lines, an odd
/// number of lines apart, so that equal columns of neighbouring rows do not
/// meet in one cache set.
inline int64_t rowPitch(int64_t width) {
  int64_t lines = (width + lanes - 1) / lanes;
  return (lines | 1) * lanes;
}

/// The greatest rank any adapter has at a site: the width of a row of x A^T.
inline int64_t maxRank(mlir::ModuleOp module, mlir::FlatSymbolRefAttr site) {
  int64_t rank = 1;
  module.walk([&](xf::DeltaOp delta) {
    if (delta.getSiteAttr() == site)
      rank = std::max<int64_t>(rank, delta.getRank());
  });
  return rank;
}

} // namespace ptx::rt

#endif // PTX_PASSES_CONVERSION_STAGETORT_PITCH_H
