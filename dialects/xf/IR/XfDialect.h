#ifndef PTX_DIALECTS_XF_IR_XFDIALECT_H
#define PTX_DIALECTS_XF_IR_XFDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/xf/IR/Body.h"
#include "dialects/xf/IR/XfTraits.h"

#include "dialects/xf/IR/XfDialect.h.inc"
#include "dialects/xf/IR/XfEnums.h.inc"

namespace ptx::xf {

/// The trait that answers LaunchedOpInterface.
template <Skeleton which> struct RunsOn {
  template <typename Op> class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static Skeleton getSkeleton() { return which; }
  };
};

/// The tensors of the dialect. B, S and the number of rows are known at run
/// time only; D is known, or is the rank of the bound adapter.
bool isIds(mlir::Type type);
bool isMask(mlir::Type type);
bool isActivations(mlir::Type type);
bool isSequence(mlir::Type type);
bool isPooled(mlir::Type type);
bool isNumbers(mlir::Type type);

/// What operands of products may be rounded to.
inline bool isProductType(mlir::Type type) { return type.isF16() || type.isBF16(); }
/// The type of a contraction's operands: what it is `in`, or f32.
inline mlir::Type productType(mlir::TypeAttr in, mlir::MLIRContext *context) {
  return in ? in.getValue() : mlir::Float32Type::get(context);
}
/// A packed weight has the type that the op is `in`.
llvm::LogicalResult verifyProductType(mlir::Operation *op);

/// Widths, counts and limits: what 32 bits hold, so that products of two fit 64.
constexpr int64_t maxExtent = 0x7fffffff;

} // namespace ptx::xf

#include "dialects/xf/IR/XfInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/xf/IR/XfTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/xf/IR/Xf.h.inc"

namespace ptx::xf {

/// Whether values of the type depend on files and the bound adapter alone.
inline bool isWeightLike(mlir::Type type) { return mlir::isa<WeightType, LowRankType, PackedType>(type); }

} // namespace ptx::xf

#endif // PTX_DIALECTS_XF_IR_XFDIALECT_H
