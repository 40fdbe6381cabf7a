// Which contractions cuBLASLt can do, with the epilogues it really has: bias,
// residual (its C) and ReLU. erf-GELU is none of them, and is never replaced by
// the tanh form.
#ifndef PTX_PASSES_TARGET_CUDA_LIBRARYCALL_H
#define PTX_PASSES_TARGET_CUDA_LIBRARYCALL_H

#include "passes/Target/Target.h"

namespace ptx::cuda {

/// relu(x W^T + residual + bias), each part but the product optional.
struct LibraryCall {
  bool possible = false;
  std::string why;                 // why not
  std::optional<int64_t> bias;     // the extra that is one value a column
  std::optional<int64_t> residual; // the extra that is a matrix
  bool relu = false;
};
LibraryCall findLibraryCall(rt::KernelOp kernel);

/// What runtime/device/library_call.h reads, under `--cublaslt`: library_rows,
/// the least number of rows that the library takes; where its operands are
/// among the words. Nothing for a kernel it cannot replace.
Metadata describeLibraryCall(rt::KernelOp kernel, const TargetFlags &flags);

/// One line per contraction: who does it from how many rows, and why.
void explainLibraryCalls(mlir::ModuleOp module, const TargetFlags &flags, llvm::raw_ostream &out);

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_LIBRARYCALL_H
