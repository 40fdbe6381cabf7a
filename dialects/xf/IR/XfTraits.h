// What every op of ptx's dialects promises.
#ifndef PTX_DIALECTS_XF_IR_XFTRAITS_H
#define PTX_DIALECTS_XF_IR_XFTRAITS_H

#include "mlir/IR/OpDefinition.h"

namespace ptx {

/// An attribute without a dialect's prefix that the op does not define is a
/// mistake: it would be carried along and change nothing.
llvm::LogicalResult verifyKnownAttributes(mlir::Operation *op);

template <typename Op> struct KnownAttributes : public mlir::OpTrait::TraitBase<Op, KnownAttributes> {
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifyKnownAttributes(op); }
};

} // namespace ptx

#endif // PTX_DIALECTS_XF_IR_XFTRAITS_H
