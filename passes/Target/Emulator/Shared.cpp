#include "passes/Target/Emulator/Steps.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/ReplaceConstant.h"

using namespace llvm;
using namespace ptx::emulator;

static constexpr unsigned sharedSpace = 3;
// Between two variables, and the alignment of each: nobody may write there, so
// running past the end of one is found although another follows.
static constexpr uint64_t gap = 16;

static bool isDynamic(const GlobalVariable &variable) { return variable.isDeclaration(); }

// The places where instructions of one function name a variable.
static SmallVector<Use *> usesIn(GlobalVariable &variable, const Function &function) {
  SmallVector<Use *> uses;
  for (Use &use : variable.uses())
    if (auto *user = dyn_cast<Instruction>(use.getUser()); user && user->getFunction() == &function)
      uses.push_back(&use);
  return uses;
}

static void place(Kernel &kernel, ArrayRef<GlobalVariable *> variables, HookCalls &hooks) {
  IRBuilder<> builder(&*kernel.function->getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
  const DataLayout &layout = kernel.function->getDataLayout();
  Value *base = nullptr;
  auto moveTo = [&](GlobalVariable &variable, ArrayRef<Use *> uses, uint64_t offset) {
    if (!base)
      base = hooks.call(builder, Hook::sharedBase, {});
    Value *address = builder.CreateIntToPtr(builder.CreateAdd(base, builder.getInt64(offset)), variable.getType());
    for (Use *use : uses)
      use->set(address);
  };
  // Static variables first: dynamic shared memory begins behind the last of them.
  for (GlobalVariable *variable : variables) {
    SmallVector<Use *> uses = usesIn(*variable, *kernel.function);
    if (uses.empty() || isDynamic(*variable))
      continue;
    uint64_t bytes = layout.getTypeAllocSize(variable->getValueType());
    uint64_t offset = alignTo(kernel.sharedBytes, std::max(variable->getAlign().valueOrOne(), Align(gap)));
    kernel.shared.push_back({variable->getName().str(), offset, bytes});
    kernel.sharedBytes = offset + bytes + gap;
    moveTo(*variable, uses, offset);
  }
  kernel.dynamicOffset = alignTo(kernel.sharedBytes, 128);
  for (GlobalVariable *variable : variables)
    if (SmallVector<Use *> uses = usesIn(*variable, *kernel.function); !uses.empty() && isDynamic(*variable))
      moveTo(*variable, uses, kernel.dynamicOffset);
}

Error ptx::emulator::placeShared(Module &module, std::vector<Kernel> &kernels, HookCalls &hooks) {
  SmallVector<GlobalVariable *> variables;
  SmallVector<Constant *> constants;
  for (GlobalVariable &variable : module.globals())
    if (variable.getAddressSpace() == sharedSpace) {
      variables.push_back(&variable);
      constants.push_back(&variable);
    }
  // An address inside a constant expression becomes an instruction first.
  convertUsersOfConstantsToInstructions(constants);
  for (Kernel &kernel : kernels)
    place(kernel, variables, hooks);
  for (GlobalVariable *variable : variables) {
    variable->removeDeadConstantUsers();
    // Helpers are inlined by now; what is left calls itself, or is a table of addresses.
    if (!variable->use_empty())
      return createStringError("shared variable '" + variable->getName() + "' is used outside of kernels");
    variable->eraseFromParent();
  }
  return Error::success();
}
