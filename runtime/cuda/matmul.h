// Contractions by cuBLASLt on one stream: a handle and a workspace of its own,
// since those shared between streams corrupt results, and what the library chose
// for each shape.
#ifndef PTX_RUNTIME_CUDA_MATMUL_H
#define PTX_RUNTIME_CUDA_MATMUL_H

#include "runtime/cuda/blas.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/device/library_call.h"

#include <array>
#include <map>
#include <memory>

namespace ptx::cuda {

/// How the library does the calls of one shape.
class MatmulRoutine;

class Matmul {
public:
  /// In the device's context.
  static Result<std::unique_ptr<Matmul>> open(CudaDevice &device, const Blas &blas);
  ~Matmul();
  Matmul(const Matmul &) = delete;
  Matmul &operator=(const Matmul &) = delete;

  /// The library's routine for a call; null where it has none.
  Result<std::shared_ptr<const MatmulRoutine>> find(const LibraryCall &call);
  /// Puts a call on the stream.
  BlasStatus run(const MatmulRoutine &routine, const LibraryCall &call, Stream stream);

private:
  Matmul(CudaDevice &device, const Blas &blas) : device(device), blas(blas) {}
  Result<std::shared_ptr<const MatmulRoutine>> choose(const LibraryCall &call);

  /// What a routine depends on: sizes, pitches, epilogue, alignments.
  using Shape = std::array<int64_t, 13>;
  static Shape shapeOf(const LibraryCall &call);

  CudaDevice &device;
  const Blas &blas;
  BlasHandle handle = nullptr;
  Address workspace = 0;
  std::map<Shape, std::shared_ptr<const MatmulRoutine>> routines;
};

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_MATMUL_H
