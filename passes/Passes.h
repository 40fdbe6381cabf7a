#ifndef PTX_PASSES_PASSES_H
#define PTX_PASSES_PASSES_H

#include "dialects/rt/IR/RtDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace ptx {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace ptx

#endif // PTX_PASSES_PASSES_H
