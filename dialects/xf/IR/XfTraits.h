// What ops of ptx's dialects promise.
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

namespace xf {

/// An op of weights alone: what the deploy function is made of. Its operands and
/// results are weights, slots or packed weights, and it has no effect.
llvm::LogicalResult verifyWeightExpression(mlir::Operation *op);

template <typename Op> struct WeightExpression : public mlir::OpTrait::TraitBase<Op, WeightExpression> {
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifyWeightExpression(op); }
};

} // namespace xf

} // namespace ptx

#endif // PTX_DIALECTS_XF_IR_XFTRAITS_H
