// The CUDA driver, opened at run time: one build serves machines with and
// without a GPU.
#ifndef PTX_RUNTIME_CUDA_DRIVER_H
#define PTX_RUNTIME_CUDA_DRIVER_H

#include "runtime/cuda/driver_api.h"
#include "runtime/io/result.h"

namespace ptx::cuda {

/// The driver's functions, loaded and initialised at the first call and kept
/// from then on. PTX_CUDA_DRIVER names another library than libcuda.so.1; what
/// failed is tried again by the next call.
Result<const DriverFunctions *> openDriver();

/// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
std::string describe(const DriverFunctions &driver, Code code);

/// Whether the context is lost: the codes after which every call fails.
bool isFault(Code code);

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_DRIVER_H
