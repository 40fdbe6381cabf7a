// model.ptxw: the parameters of the binding of none as they lie in memory, then
// tensors that adapters need. The manifest says where. Layout: runtime/FORMAT.md.
#ifndef PTX_RUNTIME_CORE_BUNDLE_H
#define PTX_RUNTIME_CORE_BUNDLE_H

#include "runtime/core/deploy.h"

namespace ptx {

inline constexpr uint64_t bundleAlignment = 4096;
inline constexpr size_t bundleIdSize = 32;
/// Where the next may lie behind so many bytes: kernels may touch 256 behind a parameter.
constexpr uint64_t bundledExtent(uint64_t bytes) {
  return (bytes + 256 + bundleAlignment - 1) / bundleAlignment * bundleAlignment;
}

/// The first page of the file, little-endian.
struct BundleHeader {
  char magic[8];
  uint32_t major, minor;
  uint64_t fileSize, reserved;
  char id[bundleIdSize];
  char zero[bundleAlignment - 64];

  static BundleHeader of(const std::string &id, uint64_t fileSize);
};
static_assert(sizeof(BundleHeader) == bundleAlignment);

/// Maps the bundle of the program `path` and verifies every parameter in it: the binding of none, in place.
Result<std::vector<std::shared_ptr<const PackedParameter>>> mapBundle(const Manifest &manifest, const std::string &path,
                                                                      const TensorReader &places);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_BUNDLE_H
