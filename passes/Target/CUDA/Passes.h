#ifndef PTX_PASSES_TARGET_CUDA_PASSES_H
#define PTX_PASSES_TARGET_CUDA_PASSES_H

#include "mlir/Pass/Pass.h"

namespace ptx::cuda {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Target/CUDA/Passes.h.inc"
} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_PASSES_H
