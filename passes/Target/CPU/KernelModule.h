// rt.kernel -> functions of the kernel ABI (runtime/FORMAT.md): structure in
// scf and arith, data in 16-lane vectors at raw addresses.
#ifndef PTX_PASSES_TARGET_CPU_KERNELMODULE_H
#define PTX_PASSES_TARGET_CPU_KERNELMODULE_H

#include "dialects/rt/IR/RtDialect.h"
#include "passes/Target/CPU/Level.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ptx::cpu {

/// A module with one function per rt.kernel of `module`, and the private
/// functions they share. Every level computes the same bytes.
mlir::OwningOpRef<mlir::ModuleOp> generateKernels(mlir::ModuleOp module, Level level);

/// Query rows of one sequence that an attention takes at once.
inline constexpr int64_t attentionBlockRows = 64;

/// Scratch of a worker, the same on every level: base + perKey * (most keys of
/// a sequence, rounded up to 16).
struct ScratchBytes {
  int64_t base = 0;
  int64_t perKey = 0;
};
ScratchBytes scratchBytes(rt::KernelOp kernel);

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_KERNELMODULE_H
