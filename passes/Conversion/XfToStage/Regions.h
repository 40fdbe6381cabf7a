// The scalar regions of the field's element-wise functions. A new activation
// is one case here, and works on every target.
#ifndef PTX_PASSES_CONVERSION_XFTOSTAGE_REGIONS_H
#define PTX_PASSES_CONVERSION_XFTOSTAGE_REGIONS_H

#include "dialects/stage/IR/StageDialect.h"

#include "mlir/IR/Builders.h"

namespace ptx::stage {

/// Computes the yielded scalar from the region's block arguments.
using Element = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// Fills `region` with one block of `arguments` f32 arguments that yields
/// what `element` computes from them.
void buildRegion(mlir::OpBuilder &builder, mlir::Location loc, mlir::Region &region, unsigned arguments,
                 Element element);

/// `kind` of a scalar x.
mlir::Value buildActivation(mlir::OpBuilder &builder, mlir::Location loc, xf::ActivationKind kind, mlir::Value x);

mlir::Value buildConstant(mlir::OpBuilder &builder, mlir::Location loc, double value);

} // namespace ptx::stage

#endif // PTX_PASSES_CONVERSION_XFTOSTAGE_REGIONS_H
