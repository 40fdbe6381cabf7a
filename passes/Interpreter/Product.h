// Products of matrices, and the attention both levels share.
#ifndef PTX_PASSES_INTERPRETER_PRODUCT_H
#define PTX_PASSES_INTERPRETER_PRODUCT_H

#include "passes/Interpreter/Array.h"

namespace ptx::interp {

/// The sum of products; -0.0 where there is nothing to sum.
double dot(const double *x, const double *y, int64_t count);

/// x W^T: [..., K] and [N,K] give [..., N].
Array product(const Array &x, const Array &w);

/// One query of attention with its keys: rows of the matrices that hold them.
struct Query {
  int64_t row;
  llvm::ArrayRef<int64_t> keys;
};

/// softmax(scale q k^T) v of one query, per head, into its row of `result`;
/// zeros where there is no key.
void attend(const Array &q, const Array &k, const Array &v, Query query, int64_t heads, double scale, Array &result);

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_PRODUCT_H
