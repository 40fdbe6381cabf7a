#ifndef PTX_RUNTIME_CORE_MANIFEST_BUNDLE_H
#define PTX_RUNTIME_CORE_MANIFEST_BUNDLE_H

#include "runtime/core/fields.h"
#include "runtime/core/manifest.h"

namespace ptx {

/// The manifest's member "bundle", after files, parameters and targets: what lies in it lies inside its file, with what
/// kernels may touch behind it.
BundleRecord readBundle(const JsonValue &value, const Manifest &manifest, Faults &faults);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MANIFEST_BUNDLE_H
