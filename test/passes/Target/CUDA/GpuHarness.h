// From texts of kernels to launches on the emulator: generated, lowered and
// optimised for sm_80 as the CUDA target does it, cut into a grid by GridRules.
// A launch may touch exactly what its problems state, so whatever a kernel does
// beside that is a fault.
#ifndef PTX_TEST_PASSES_TARGET_CUDA_GPUHARNESS_H
#define PTX_TEST_PASSES_TARGET_CUDA_GPUHARNESS_H

#include "passes/Target/CUDA/CudaTarget.h"
#include "runtime/device/grid.h"
#include "runtime/emulator/emulator.h"
#include "test/passes/Target/KernelData.h"
#include "test/passes/Target/KernelTexts.h"

#include "mlir/IR/BuiltinOps.h"

#include <deque>
#include <map>

namespace ptx::test {

/// Changes the generated module before it is lowered.
using Edit = llvm::function_ref<void(mlir::ModuleOp)>;

inline Geometry gpuGeometry() { return cuda::geometry(); }

/// The entries of a text, loaded; ends the process with a message when they cannot be made.
class GpuKernels {
public:
  explicit GpuKernels(const std::string &text, Edit edit = nullptr);

private:
  friend class GpuLaunch;
  friend class GpuProblem;
  struct Kernel {
    uint32_t index;
    words::Signature signature;
  };
  std::map<std::string, Kernel> kernels;
  GridRules rules;
  std::optional<emulator::Code> code;
};

/// A text of kernels with an entry for each: "entry_" and its name.
std::string withEntries(const std::string &text, const std::vector<std::string> &kernels);

/// One problem of a launch: operands by the names of the signature.
class GpuProblem {
public:
  GpuProblem &in(const std::string &name, const Floats &values, int64_t rows, int64_t width, int64_t pitch);
  GpuProblem &in(const std::string &name, const NarrowRows &rows) {
    return in(name, rows.words, rows.rows, rows.width / 2, rows.pitch);
  }
  GpuProblem &out(const std::string &name, NarrowRows &rows) {
    return out(name, rows.words, 0, rows.rows, rows.width / 2, rows.pitch);
  }
  GpuProblem &in(const std::string &name, const Floats &values, int64_t count) {
    return in(name, values, 1, count, count);
  }
  /// Rows [first, end) are written; downloaded when the launch has run.
  GpuProblem &out(const std::string &name, Floats &values, int64_t first, int64_t end, int64_t width, int64_t pitch);
  GpuProblem &index(const std::string &name, const std::vector<int32_t> &values);
  GpuProblem &count(const std::string &name, int64_t value);

private:
  friend class GpuLaunch;
  uint64_t upload(const void *values, size_t bytes, const std::string &name);
  void set(const std::string &name, uint64_t value);

  emulator::Emulator *machine;
  const GpuKernels::Kernel *kernel;
  int64_t begin, end, columns;
  std::vector<uint64_t> words;
  std::deque<std::string> names; // of the windows
  std::vector<ptx_window> windows;
  struct Result {
    uint64_t address = 0;
    Floats *values = nullptr;
  };
  Result result; // the last that was stated
};

class GpuLaunch {
public:
  explicit GpuLaunch(const GpuKernels &kernels, uint64_t seed = 0);
  /// Rows, blocks or sequences [begin, end) by `columns`.
  GpuProblem &add(const std::string &kernel, int64_t begin, int64_t end, int64_t columns);

  // The problems of the shared operands, rows [begin, end) of them.
  GpuProblem &add(const std::string &kernel, ContractProblem &data, int64_t begin, int64_t end, bool extras);
  GpuProblem &add(const std::string &kernel, ContractProblem &data, bool extras = false) {
    return add(kernel, data, 0, data.m, extras);
  }
  GpuProblem &add(const std::string &kernel, AttentionProblem &data, int64_t firstBlock, int64_t endBlock);
  GpuProblem &add(const std::string &kernel, AttentionProblem &data) {
    return add(kernel, data, 0, static_cast<int64_t>(data.blocks.size() / 4));
  }
  GpuProblem &add(const std::string &kernel, RowProblem &data, int64_t begin, int64_t end, bool extras);
  GpuProblem &add(const std::string &kernel, RowProblem &data, bool extras = false) {
    return add(kernel, data, 0, data.rows, extras);
  }

  /// The first fault; empty where there is none.
  std::string run();

private:
  std::string start();

  const GpuKernels &kernels;
  emulator::Emulator machine;
  std::deque<GpuProblem> problems;
};

bool takesExtras(const std::string &region);

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_CUDA_GPUHARNESS_H
