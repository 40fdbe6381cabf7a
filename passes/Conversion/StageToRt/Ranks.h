// What the plan and the deploy table must agree on.
#ifndef PTX_PASSES_CONVERSION_STAGETORT_RANKS_H
#define PTX_PASSES_CONVERSION_STAGETORT_RANKS_H

#include "dialects/xf/IR/XfDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace ptx::rt {

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

#endif // PTX_PASSES_CONVERSION_STAGETORT_RANKS_H
