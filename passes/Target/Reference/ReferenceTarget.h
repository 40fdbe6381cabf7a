// The f64 interpreter as a target: the program's own text is its code.
#ifndef PTX_PASSES_TARGET_REFERENCE_REFERENCETARGET_H
#define PTX_PASSES_TARGET_REFERENCE_REFERENCETARGET_H

#include "passes/Target/Target.h"

namespace ptx::reference {

const Target &target();

} // namespace ptx::reference

#endif // PTX_PASSES_TARGET_REFERENCE_REFERENCETARGET_H
