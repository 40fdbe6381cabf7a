// Products of matrices, and the attention both levels share.
#ifndef PTX_PASSES_INTERPRETER_PRODUCT_H
#define PTX_PASSES_INTERPRETER_PRODUCT_H

#include "passes/Interpreter/Array.h"

#include "mlir/IR/Types.h"

namespace ptx::interp {

/// To f32, f16 or bf16: to nearest, ties to even. f32 is left as it is: the
/// oracle computes in f64.
double roundTo(mlir::Type type, double value);
Array rounded(Array array, mlir::Type type);

/// The sum of products; -0.0 where there is nothing to sum.
double dot(const double *x, const double *y, int64_t count);

/// x W^T: [..., K] and [N,K] give [..., N]; both rounded to a type first.
Array product(const Array &x, const Array &w, mlir::Type type);

/// One query of attention with its keys: rows of the matrices that hold them.
struct Query {
  int64_t row;
  llvm::ArrayRef<int64_t> keys;
};

/// softmax(scale q k^T) v of one query, per head, into its row of `result`;
/// zeros where there is no key. q, k and v are rounded to `type`, which the
/// weights of the values are rounded to.
void attend(const Array &q, const Array &k, const Array &v, Query query, int64_t heads, double scale, mlir::Type type,
            Array &result);

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_PRODUCT_H
