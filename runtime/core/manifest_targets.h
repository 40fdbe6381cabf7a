#ifndef PTX_RUNTIME_CORE_MANIFEST_TARGETS_H
#define PTX_RUNTIME_CORE_MANIFEST_TARGETS_H

#include "runtime/core/fields.h"
#include "runtime/core/manifest.h"

namespace ptx {

/// Kernels by their signatures, then the sets that launches run, then what each
/// target says about both.
KernelRecord readKernel(const JsonValue &value, const Manifest &manifest, Faults &faults);
EntryRecord readEntry(const JsonValue &value, const Manifest &manifest, Faults &faults);
TargetRecord readTarget(const JsonValue &value, const Manifest &manifest, Faults &faults);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MANIFEST_TARGETS_H
