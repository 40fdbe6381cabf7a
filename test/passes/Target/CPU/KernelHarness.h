// Kernels from text to callable functions, and data that is not to be written
// fenced by guard values.
#ifndef PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H
#define PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H

#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/CPU/CpuTarget.h"
#include "passes/Target/CPU/KernelModule.h"
#include "passes/Target/Worker.h"

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
};

/// The worker's scratch; 64 MiB.
class Floats;
Floats &scratchMemory();
/// What the planner reserves for a kernel of the text.
cpu::ScratchBytes scratchOf(const std::string &text, const std::string &name);

// Text of kernels. `region` names an activation: "", "bias", "relu", "gelu",
// "gelu_tanh", "silu", "tanh", "residual" (bias and residual take extras).
std::string contractKernel(const std::string &name, const std::string &region);
std::string attentionKernel(const std::string &name, int64_t headDim, bool causal);
std::string normKernel(const std::string &name, int norm, double eps, const std::string &region = "");
std::string mapKernel(const std::string &name, const std::string &region);
/// The same functions in double.
double applyRegion(const std::string &region, double value, double bias, double old);

/// Floats at a 64-byte boundary with slack behind.
class Floats {
public:
  explicit Floats(int64_t count, float fill = 0);
  float *data() { return start; }
  const float *data() const { return start; }
  float &operator[](int64_t i) { return start[i]; }
  float operator[](int64_t i) const { return start[i]; }
  int64_t size() const { return count; }
  void randomise(uint64_t seed, float scale = 1);

private:
  std::vector<float> storage;
  float *start;
  int64_t count;
};

inline constexpr float guard = -12345.5f;
inline int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

struct ContractData {
  int64_t m, n, k, rank, pitchX, pitchY, pitchU;
  Floats x, weight, y, u, b, bias, old;
  std::vector<float> plainWeight, plainB; // [n,k], [n,rank]

  ContractData(int64_t m, int64_t n, int64_t k, int64_t rank);
  void clear();
  void run(KernelFunction kernel, int64_t r0, int64_t r1, int64_t c0, int64_t c1);
  double reference(int64_t row, int64_t column) const; // before the region
  double magnitude(int64_t row, int64_t column) const; // sum of |products|
};

/// Sequences of queries and of keys; heads side by side in wider rows.
struct AttentionData {
  int64_t heads, headDim, width, pitch;
  std::vector<int64_t> queryCounts, keyCounts;
  std::vector<int32_t> blocks, begin, keys;
  int64_t queryRows = 0, keyRows = 0;
  Floats q, k, v, y;

  AttentionData(std::vector<int64_t> queries, std::vector<int64_t> keys, int64_t heads, int64_t headDim,
                int64_t blockRows = 64);
  void run(KernelFunction kernel);
  void run(KernelFunction kernel, int64_t b0, int64_t b1, int64_t h0, int64_t h1);
  double reference(int64_t sequence, int64_t row, int64_t head, int64_t column, bool causal, double scale) const;
};

struct RowData {
  int64_t rows, width, pitch;
  Floats x, y, column, old;

  RowData(int64_t rows, int64_t width);
  void run(KernelFunction kernel, int64_t r0, int64_t r1);
  void clear();
};

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_CPU_KERNELHARNESS_H
