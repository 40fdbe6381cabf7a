#ifndef PTX_RUNTIME_CORE_MANIFEST_GENERATION_H
#define PTX_RUNTIME_CORE_MANIFEST_GENERATION_H

#include "runtime/core/fields.h"
#include "runtime/generate/ids.h"

namespace ptx {

/// The manifest's member "generation"; what is wrong is added to `faults`.
GenerationIds readGeneration(const JsonValue &value, Faults &faults);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_MANIFEST_GENERATION_H
