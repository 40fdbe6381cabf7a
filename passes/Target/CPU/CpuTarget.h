// CPUs as a target: one variant per instruction-set level.
#ifndef PTX_PASSES_TARGET_CPU_CPUTARGET_H
#define PTX_PASSES_TARGET_CPU_CPUTARGET_H

#include "passes/Target/Target.h"

namespace ptx::cpu {

const Target &target();

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_CPUTARGET_H
