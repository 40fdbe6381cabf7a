// Calls from kernels into the emulator's table of hooks.
#ifndef PTX_PASSES_TARGET_EMULATOR_HOOKCALLS_H
#define PTX_PASSES_TARGET_EMULATOR_HOOKCALLS_H

#include "runtime/emulator/hooks.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

#include <string>
#include <vector>

namespace ptx::emulator {

enum class Hook {
#define PTX_EMULATOR_HOOK(name, ...) name,
  PTX_EMULATOR_HOOKS(PTX_EMULATOR_HOOK)
#undef PTX_EMULATOR_HOOK
};

class HookCalls {
public:
  explicit HookCalls(llvm::Module &module);

  /// Calls a hook, arguments brought to the types it takes: addresses as
  /// 64-bit, truth values as 32-bit, f32 as its bits. When one argument is
  /// missing it is the site, that of `where`.
  llvm::Value *call(llvm::IRBuilderBase &builder, Hook hook, llvm::ArrayRef<llvm::Value *> arguments,
                    const llvm::Instruction *where = nullptr);

  /// Whether a block calls a hook that counts as work, so that a loop over it ends.
  bool counts(const llvm::BasicBlock *block) const { return counting.contains(block); }

  /// "file:line" of every site, by number.
  llvm::ArrayRef<std::string> sites() const { return places; }

private:
  llvm::ConstantInt *site(const llvm::Instruction &where);

  llvm::LLVMContext &context;
  llvm::GlobalVariable *table; // pointer to the hooks
  std::vector<std::string> places;
  llvm::DenseSet<const llvm::BasicBlock *> counting;
};

/// A hook's result, or any value of a kernel's register, as another type of
/// the same bits; {T, i1} is a 64-bit word with the predicate in its upper half.
llvm::Value *castBits(llvm::IRBuilderBase &builder, llvm::Value *value, llvm::Type *type);

} // namespace ptx::emulator

#endif // PTX_PASSES_TARGET_EMULATOR_HOOKCALLS_H
