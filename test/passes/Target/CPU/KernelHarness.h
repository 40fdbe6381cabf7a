// Kernels from text to callable functions, on the operands that every target's
// tests share.
#ifndef PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H
#define PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H

#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/CPU/CpuTarget.h"
#include "passes/Target/CPU/KernelModule.h"
#include "passes/Target/Worker.h"
#include "test/passes/Target/KernelData.h"
#include "test/passes/Target/KernelTexts.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ptx::test {

using KernelFunction = void (*)(const uint64_t *args, int64_t r0, int64_t r1, int64_t c0, int64_t c1, void *scratch);

/// The shared object for a text of kernels, made in a worker.
llvm::Expected<TargetCode> compileKernels(const std::string &text, cpu::Level level, const WorkerOptions &options = {});

/// A loaded shared object; ends the process with a message when it cannot be
/// made.
class Library {
public:
  Library(const std::string &text, cpu::Level level);
  ~Library();
  KernelFunction kernel(const std::string &name) const;
  size_t bytes() const { return object.size(); }
  const std::vector<char> &image() const { return object; }

private:
  std::vector<char> object;
  void *handle = nullptr;
  int file = -1;
};

/// The worker's scratch; 64 MiB.
Floats &scratchMemory();
/// What the planner reserves for a kernel of the text.
cpu::ScratchBytes scratchOf(const std::string &text, const std::string &name);

inline Geometry cpuGeometry() { return *cpu::target().geometry(); }

struct ContractData : ContractProblem {
  ContractData(int64_t m, int64_t n, int64_t k, int64_t rank, DType element = DType::F32)
      : ContractProblem(m, n, k, rank, cpuGeometry(), element) {}
  void run(KernelFunction kernel, int64_t r0, int64_t r1, int64_t c0, int64_t c1);
  /// The words of a call, in the order of the signature.
  std::array<uint64_t, 14> args();
};

struct AttentionData : AttentionProblem {
  AttentionData(std::vector<int64_t> queries, std::vector<int64_t> keys, int64_t heads, int64_t headDim,
                int64_t blockRows = 64)
      : AttentionProblem(std::move(queries), std::move(keys), heads, headDim, cpuGeometry(), blockRows) {}
  void run(KernelFunction kernel);
  void run(KernelFunction kernel, int64_t b0, int64_t b1, int64_t h0, int64_t h1);
  std::array<uint64_t, 11> args();
};

struct RowData : RowProblem {
  RowData(int64_t rows, int64_t width) : RowProblem(rows, width, cpuGeometry()) {}
  void run(KernelFunction kernel, int64_t r0, int64_t r1);
};

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H
