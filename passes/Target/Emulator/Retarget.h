// GPU kernels on the host: the LLVM module that NVPTX code is made from,
// instrumented and compiled for x86-64, for runtime/emulator to run and check.
#ifndef PTX_PASSES_TARGET_EMULATOR_RETARGET_H
#define PTX_PASSES_TARGET_EMULATOR_RETARGET_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace ptx::emulator {

/// Rewrites a module of kernels after NVPTX-side optimisation (it is the
/// optimiser that merges loads across a missing wait: the emulator must see
/// what the device gets). Every GPU instruction becomes a call through the
/// table in runtime/emulator/hooks.h, every access to global or shared memory
/// is announced to it. What the table does not know is an error that names it
/// and the kernel.
llvm::Error retargetToHost(llvm::Module &module);

/// A retargeted module as a shared object that exports `ptx_emulator_module`,
/// `ptx_emulator_hooks` and the kernels. Equal inputs give equal bytes.
llvm::Expected<std::vector<char>> compileToHost(llvm::Module &retargeted);

} // namespace ptx::emulator

#endif // PTX_PASSES_TARGET_EMULATOR_RETARGET_H
