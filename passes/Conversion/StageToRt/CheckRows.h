// What kernels rely on and the types of rows do not say.
#ifndef PTX_PASSES_CONVERSION_STAGETORT_CHECKROWS_H
#define PTX_PASSES_CONVERSION_STAGETORT_CHECKROWS_H

#include "dialects/stage/IR/StageDialect.h"

#include "mlir/IR/SymbolTable.h"

namespace ptx::rt {

/// The slot whose bound rank a factor's dynamic dimension has; null where it
/// has none. The parameter is an xf.get.
mlir::FlatSymbolRefAttr siteOf(mlir::Value parameter, mlir::SymbolTable &symbols);

/// Follows the rows of every value of a function in form Launched: what a stage
/// reads has rows of the space whose rows it computes (whether per token or per
/// sequence their types say); no index reaches behind its table; ranks meet only
/// their own; every input is read and there is an output. Emits an error where not.
llvm::LogicalResult checkRows(xf::FunctionOp function, mlir::SymbolTable &symbols);

} // namespace ptx::rt

#endif // PTX_PASSES_CONVERSION_STAGETORT_CHECKROWS_H
