// NVIDIA GPUs as a target: a cubin per chip, and PTX for later ones.
#ifndef PTX_PASSES_TARGET_CUDA_CUDATARGET_H
#define PTX_PASSES_TARGET_CUDA_CUDATARGET_H

#include "passes/Target/Target.h"

namespace ptx::cuda {

const Target &target();

/// How every target that runs these kernels lays out memory: rows of weights and
/// buffers start at multiples of 16 bytes.
Geometry geometry();

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_CUDATARGET_H
