// What the plan and the deploy table must agree on.
#ifndef PTX_PASSES_CONVERSION_STAGETORT_RANKS_H
#define PTX_PASSES_CONVERSION_STAGETORT_RANKS_H

#include "dialects/stage/IR/StageDialect.h"

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

/// What computes a parameter when an adapter is bound; null for one that is packed.
inline stage::FoldOpInterface foldOf(xf::ParameterOp parameter) {
  mlir::Value value = parameter.getBody().front().getTerminator()->getOperand(0);
  return value.getDefiningOp<stage::FoldOpInterface>();
}

/// The place that a fold is for: that of the factors it reads, itself or by what it reads.
inline mlir::FlatSymbolRefAttr siteOf(stage::FoldOpInterface fold) {
  for (mlir::Value operand : fold->getOperands()) {
    auto get = operand.getDefiningOp<xf::GetOp>();
    if (operand == fold.getBase() || !get)
      continue;
    auto read = mlir::SymbolTable::lookupNearestSymbolFrom<xf::ParameterOp>(fold, get.getParameterAttr());
    mlir::FlatSymbolRefAttr site;
    read.walk([&](xf::SlotOp slot) { site = slot.getSiteAttr(); });
    if (stage::FoldOpInterface inner = site ? stage::FoldOpInterface() : foldOf(read))
      site = siteOf(inner);
    if (site)
      return site;
  }
  return {};
}

} // namespace ptx::rt

#endif // PTX_PASSES_CONVERSION_STAGETORT_RANKS_H
