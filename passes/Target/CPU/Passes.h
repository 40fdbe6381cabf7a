#ifndef PTX_PASSES_TARGET_CPU_PASSES_H
#define PTX_PASSES_TARGET_CPU_PASSES_H

#include "mlir/Pass/Pass.h"

namespace ptx::cpu {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Target/CPU/Passes.h.inc"
} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_PASSES_H
