#ifndef PTX_RUNTIME_CORE_MANIFEST_FUNCTIONS_H
#define PTX_RUNTIME_CORE_MANIFEST_FUNCTIONS_H

#include "runtime/core/fields.h"
#include "runtime/core/manifest.h"

namespace ptx {

/// Reads one function; what it refers to lies in the tables of `manifest`.
FunctionRecord readFunction(const JsonValue &value, const Manifest &manifest, Faults &faults);

/// Reads the launches of deploy, after kernels and parameters: every fold is written once.
std::vector<Launch> readDeploy(const JsonValue &value, const Manifest &manifest, Faults &faults);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MANIFEST_FUNCTIONS_H
