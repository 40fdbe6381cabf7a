// A contraction as a call of a matrix library, beside its kernel: what devices
// that have one share, and the emulator's exact routine stands in for.
#ifndef PTX_RUNTIME_DEVICE_LIBRARY_CALL_H
#define PTX_RUNTIME_DEVICE_LIBRARY_CALL_H

#include "runtime/device/device.h"
#include "runtime/device/geometry.h"

#include <optional>

namespace ptx {

/// y[m,n] = relu(sum_k x[m,k] w[n,k] + residual[m,n] + bias[n]), m of `rows`
/// from the addresses given; pitches in floats, 0 for what is not there.
struct LibraryCall {
  uint64_t x, weight, y, residual, bias; // addresses of f32
  int64_t rows, width, depth;            // M, N, K
  int64_t xPitch, weightPitch, yPitch, residualPitch;
  bool relu;
};

/// What a kernel's metadata says about the library.
class LibraryRule {
public:
  /// Nothing where the kernel has no library form.
  static std::optional<LibraryRule> read(const ptx_kernel_info &kernel, uint64_t weightAlignment);
  /// The call for a problem, or nothing: too few rows, or a low-rank part.
  std::optional<LibraryCall> call(const ptx_problem &problem) const;

private:
  int64_t leastRows = 0;
  size_t biasWord = 0, residualWord = 0; // counted from 1; 0: none
  bool relu = false;
  uint64_t alignment = 1; // rows of a weight start at multiples of so many floats
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_LIBRARY_CALL_H
