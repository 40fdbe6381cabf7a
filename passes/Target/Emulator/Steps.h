// The steps of retargeting, in the order retargetToHost takes them.
#ifndef PTX_PASSES_TARGET_EMULATOR_STEPS_H
#define PTX_PASSES_TARGET_EMULATOR_STEPS_H

#include "passes/Target/Emulator/HookCalls.h"

#include "llvm/Support/Error.h"

namespace ptx::emulator {

/// GPU instructions to calls of hooks. First, because it alone can fail on what it does not know,
/// and before accesses are announced, because those calls are not the kernel's.
llvm::Error replaceIntrinsics(llvm::Module &module, HookCalls &hooks);

/// Rounding to bf16 to integer operations.
void roundConversions(llvm::Module &module);

/// Announces every access to memory that other threads may see, and every turn of a loop that
/// calls nothing else.
void instrument(llvm::Module &module, HookCalls &hooks);

struct SharedVariable {
  std::string name;
  uint64_t offset, bytes;
};
/// A kernel and where its shared variables lie from its block's base.
struct Kernel {
  llvm::Function *function;
  std::vector<SharedVariable> shared;
  uint64_t sharedBytes = 0, dynamicOffset = 0;
};

/// Shared globals to offsets from the base of the block's shared memory.
llvm::Error placeShared(llvm::Module &module, std::vector<Kernel> &kernels, HookCalls &hooks);

/// Kernels to `void NAME(const uint64_t *params)`, and the module's description.
llvm::Error describe(llvm::Module &module, llvm::ArrayRef<Kernel> kernels, const HookCalls &hooks);

} // namespace ptx::emulator

#endif // PTX_PASSES_TARGET_EMULATOR_STEPS_H
