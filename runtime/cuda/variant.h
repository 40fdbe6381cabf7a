// Which code of an artifact a GPU runs.
#ifndef PTX_RUNTIME_CUDA_VARIANT_H
#define PTX_RUNTIME_CUDA_VARIANT_H

#include "runtime/io/result.h"

#include <span>
#include <string>

namespace ptx::cuda {

struct Gpu {
  std::string name;
  int major = 0, minor = 0;
  int capability() const { return major * 10 + minor; } // 90 of sm_90
};

/// The best of the variants, by its index. "sm_XY" is a cubin: it runs on the
/// same major and a minor of at least Y; with the suffix a on exactly that GPU.
/// "ptx_sm_XY" is text, which the driver compiles for that GPU or a later one.
/// `wanted`, if not empty, is taken whatever the rules say.
Result<size_t> chooseVariant(std::span<const std::string> variants, const Gpu &gpu, const std::string &wanted);

/// Whether a variant is text for the driver's compiler.
bool isText(const std::string &variant);

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_VARIANT_H
