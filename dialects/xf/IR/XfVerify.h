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

/// Whether a parameter is a vector of `count` elements, packed or not.
bool isVector(mlir::Type type, int64_t count);

} // namespace ptx::xf

#endif // PTX_DIALECTS_XF_IR_XFVERIFY_H
