// What the pooling of xf and that of stage share.
#ifndef PTX_PASSES_INTERPRETER_POOL_H
#define PTX_PASSES_INTERPRETER_POOL_H

#include "passes/Interpreter/Array.h"

#include "dialects/xf/IR/XfDialect.h"

namespace ptx::interp {

/// A visible position and the row of the matrix that holds it.
struct VisibleRow {
  int64_t row, position;
};

/// One row of the visible rows of a sequence, by ascending position, into row
/// `to` of `result`, which is zeros.
void poolRows(xf::Pooling kind, const Array &x, llvm::ArrayRef<VisibleRow> rows, int64_t to, Array &result);

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_POOL_H
