// Kernels as texts of the rt dialect, for the tests of every target, and what
// their regions compute.
#ifndef PTX_TEST_PASSES_TARGET_KERNELTEXTS_H
#define PTX_TEST_PASSES_TARGET_KERNELTEXTS_H

#include "runtime/io/dtype.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ptx::test {

// `region` names an activation: "", "bias", "relu", "leaky", "gelu",
// "gelu_tanh", "silu", "tanh", "exp", "erf", "residual" (bias and residual take
// extras: an element per column, then rows).
// `in` is "", "f16" or "bf16"; `rows` the words whose rows are of that type, "x y".
std::string contractKernel(const std::string &name, const std::string &region, const std::string &in = "",
                           const std::string &rows = "");
/// What one attention differs from another by; `chunk` 0: all keys at once.
struct AttentionForm {
  int64_t dim;
  bool causal;
  int64_t chunk = 0;

  std::string name() const; // attention_16_causal_chunks
};
std::string attentionKernel(const std::string &name, const AttentionForm &form, const std::string &in = "",
                            const std::string &rows = "");
/// An attention of the form's chunks, and their join.
std::string attentionChunkKernel(const std::string &name, const AttentionForm &form, const std::string &in = "");
std::string attentionJoinKernel(const std::string &name, const AttentionForm &form);
std::string normKernel(const std::string &name, int norm, double eps, const std::string &region = "");
/// With a result of an element type: "" for f32.
std::string mapKernel(const std::string &name, const std::string &region, const std::string &result = "");
/// Rows of `tables` tables added, and an element per column; the first table of an element type, "" for f32.
std::string gatherKernel(const std::string &name, int tables, const std::string &first = "");
/// Rows of f32, or those named in `rows` of the type `in`.
std::string appendKernel(const std::string &name, const std::string &in = "", const std::string &rows = "");
/// `kind` is a number of xf::Pooling.
std::string greatestKernel(const std::string &name);
std::string poolKernel(const std::string &name, int kind);
constexpr int poolKinds = 5;
/// What a pool makes of a column of visible rows.
double pooled(int kind, const std::vector<float> &column, const std::vector<int32_t> &positions);
/// Base and delta added, then scaled by an element per column where asked for;
/// or the norms of their sums, by which the elements are divided.
struct FoldForm {
  bool isTable = false, isScaled = false, isNorm = false;
  DType base = DType::F32, made = DType::F32;

  std::string name() const;
  std::string kernel() const;
};
/// All that a program may hold.
std::vector<FoldForm> foldForms();
std::string entryOf(const std::string &name, const std::vector<std::string> &kernels);
/// The same functions in double.
double applyRegion(const std::string &region, double value, double bias, double old);

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_KERNELTEXTS_H
