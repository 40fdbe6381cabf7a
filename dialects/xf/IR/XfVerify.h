// What the verifiers of the families share.
#ifndef PTX_DIALECTS_XF_IR_XFVERIFY_H
#define PTX_DIALECTS_XF_IR_XFVERIFY_H

#include "dialects/xf/IR/XfDialect.h"

namespace ptx::xf {

/// The last dimension of a tensor; dynamic where a bound rank is.
int64_t widthOf(mlir::Value value);

/// "a rank", or the number: for messages.
std::string extentText(int64_t extent);

/// A half-open range of rows as attributes give it, inside 0 to `count`; all
/// rows where there is none. Emits an error at `op` where it is not inside.
mlir::FailureOr<int64_t> countRows(mlir::Operation *op, std::optional<llvm::ArrayRef<int64_t>> rows, int64_t count);

/// The history a symbol names, or null with an error at `user`.
HistoryOp lookUpHistory(mlir::Operation *user, mlir::SymbolTableCollection &symbols, mlir::FlatSymbolRefAttr name,
                        llvm::StringRef rule);

/// C3 of `xf.visible`, for a mask or a row table.
mlir::LogicalResult verifyHistoryUse(mlir::Operation *user, mlir::SymbolTableCollection &symbols,
                                     mlir::FlatSymbolRefAttr begins, mlir::FlatSymbolRefAttr continues,
                                     int64_t maxLength, bool keepFirst);

/// Whether a parameter is a vector of `count` elements, packed or not.
bool isVector(mlir::Type type, int64_t count);

/// C1 of `xf.greatest`: the columns of x have numbers.
mlir::LogicalResult verifyNumbered(mlir::Operation *op, mlir::Value x);

} // namespace ptx::xf

#endif // PTX_DIALECTS_XF_IR_XFVERIFY_H
