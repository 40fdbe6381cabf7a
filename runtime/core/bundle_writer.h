// Makes a bundle of a program that is open and bound: what the runtime packed
// is what is written.
#ifndef PTX_RUNTIME_CORE_BUNDLE_WRITER_H
#define PTX_RUNTIME_CORE_BUNDLE_WRITER_H

#include "runtime/core/bundle.h"

#include <span>

namespace ptx {

/// A stored tensor in the bundle, byte for byte.
struct BundledTensor {
  size_t tensor = 0;
  uint64_t offset = 0;
};

/// What a bundle holds, and where.
struct BundlePlan {
  BundleRecord record; // its file is the manifest's next
  std::vector<BundledTensor> tensors;
  uint64_t size = 0; // of the file
  // What of that is what.
  uint64_t packedBytes = 0, pristineBytes = 0, adapterBytes = 0;
};

/// `base` is the binding of none on the device `target`, whose memory is the host's. Behind its parameters lie the
/// tensors that the adapters' bindings read: their own, and those that their parameters are computed from again.
BundlePlan planBundle(const Manifest &manifest, const Binding &base, const std::string &target);

/// The manifest of the program that reads from the bundle, `file` in the artifact's directory.
std::string bundledManifest(std::string_view manifest, const BundlePlan &plan, const std::string &file);

Status writeBundle(const std::string &path, const BundlePlan &plan, const Binding &base, TensorReader &tensors);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_BUNDLE_WRITER_H
