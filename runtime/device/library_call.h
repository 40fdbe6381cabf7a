// A contraction as a call of a matrix library, beside its kernel: what devices
// that have one share, and the emulator's exact routine stands in for.
#ifndef PTX_RUNTIME_DEVICE_LIBRARY_CALL_H
#define PTX_RUNTIME_DEVICE_LIBRARY_CALL_H

#include "runtime/device/device.h"
#include "runtime/device/geometry.h"

#include <optional>
#include <span>
#include <vector>

namespace ptx {

/// y[m,n] = relu(sum_k x[m,k] w[n,k] + residual[m,n] + bias[n]), m of `rows`
/// from the addresses given; pitches in floats, 0 for what is not there.
struct LibraryCall {
  uint64_t x, weight, y, residual, bias; // addresses of f32
  int64_t rows, width, depth;            // M, N, K
  int64_t xPitch, weightPitch, yPitch, residualPitch;
  bool relu;
};

/// A launch's problems, parted: they do not depend on each other.
struct PartedLaunch {
  std::vector<LibraryCall> calls;
  std::vector<ptx_problem> kernels; // what is left to kernels
};

/// What the kernels' metadata say about the library.
class LibraryRules {
public:
  /// Weights' rows start at multiples of `weightAlignment` floats.
  static LibraryRules read(std::span<const ptx_kernel_info> kernels, uint64_t weightAlignment);
  /// Whether no kernel has a library form.
  bool empty() const;
  /// A problem becomes a call where its kernel has a library form, its rows are
  /// enough for it, it has no low-rank part, and `accepts` takes it.
  template <typename Accepts> PartedLaunch part(const ptx_launch &launch, Accepts &&accepts) const {
    PartedLaunch parted;
    for (const ptx_problem &problem : std::span(launch.problems, launch.problem_count)) {
      std::optional<LibraryCall> call = callFor(problem);
      if (call && accepts(*call))
        parted.calls.push_back(*call);
      else
        parted.kernels.push_back(problem);
    }
    return parted;
  }

private:
  struct Rule {
    int64_t leastRows = 0;                 // 0: the kernel has no library form
    size_t biasWord = 0, residualWord = 0; // counted from 1; 0: none
    bool relu = false;
  };
  static Rule ruleOf(const ptx_kernel_info &kernel);
  std::optional<LibraryCall> callFor(const ptx_problem &problem) const;

  std::vector<Rule> rules; // by kernel
  uint64_t alignment = 1;
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_LIBRARY_CALL_H
