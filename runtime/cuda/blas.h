// cuBLASLt, opened at run time like the driver.
#ifndef PTX_RUNTIME_CUDA_BLAS_H
#define PTX_RUNTIME_CUDA_BLAS_H

#include "runtime/cuda/blas_api.h"
#include "runtime/io/result.h"

#include <string>

namespace ptx::cuda {

struct Blas {
  BlasFunctions functions;
  std::string name; // "cuBLASLt 13.1.0 (libcublasLt.so.13)"
};

/// The library's functions, or null where it is not there: then our kernels do
/// its work. PTX_CUBLASLT names another library than those of the system, which
/// has to be there, or is "none".
Result<const Blas *> openBlas();

/// "CUBLAS_STATUS_NOT_SUPPORTED (15)".
std::string describe(const Blas &blas, BlasStatus status);

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_BLAS_H
