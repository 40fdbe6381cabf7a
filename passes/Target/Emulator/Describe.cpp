// The module's description: the tables of runtime/emulator/hooks.h as constants.
#include "passes/Target/Emulator/Steps.h"

#include "llvm/IR/Constants.h"

using namespace llvm;
using namespace ptx::emulator;

namespace {
// Makes the constants of which the structs of hooks.h consist; all of their
// fields are 64 bits wide.
class Writer {
public:
  explicit Writer(Module &module) : module(module), context(module.getContext()) {}

  Constant *number(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *string(StringRef text) { return global(ConstantDataArray::getString(context, text)); }
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(context, fields); }
  Constant *array(ArrayRef<Constant *> elements) {
    if (elements.empty())
      return ConstantPointerNull::get(PointerType::getUnqual(context));
    return global(ConstantArray::get(ArrayType::get(elements[0]->getType(), elements.size()), elements));
  }
  Constant *generic(Constant *address) {
    return ConstantExpr::getPointerBitCastOrAddrSpaceCast(address, PointerType::getUnqual(context));
  }

private:
  GlobalVariable *global(Constant *value) {
    auto *made = new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value, "description");
    return made;
  }
  Module &module;
  LLVMContext &context;
};
} // namespace

// Protected: a kernel that is called like a function of libm is still this one.
static void exportFrom(GlobalValue &value) {
  value.setLinkage(GlobalValue::ExternalLinkage);
  value.setVisibility(GlobalValue::ProtectedVisibility);
  value.setDSOLocal(true);
}

// void NAME(const uint64_t *params): unpacks the words and calls the kernel.
static Expected<Function *> wrap(Module &module, Function &kernel) {
  LLVMContext &context = module.getContext();
  std::string name = kernel.getName().str();
  kernel.setName(name + ".body");
  auto *type = FunctionType::get(Type::getVoidTy(context), {PointerType::getUnqual(context)}, false);
  Function *wrapper = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
  IRBuilder<> builder(BasicBlock::Create(context, "", wrapper));
  SmallVector<Value *> arguments;
  for (Argument &argument : kernel.args()) {
    Type *wanted = argument.getType();
    bool fits = wanted->isPointerTy() || wanted->isFloatTy() || wanted->isDoubleTy() ||
                (wanted->isIntegerTy() && wanted->getIntegerBitWidth() <= 64);
    if (!fits)
      return createStringError("kernel '" + name + "': parameter " + Twine(argument.getArgNo()) +
                               " is neither a scalar nor a pointer");
    Value *address = builder.CreateConstGEP1_64(builder.getInt64Ty(), wrapper->getArg(0), argument.getArgNo());
    arguments.push_back(castBits(builder, builder.CreateLoad(builder.getInt64Ty(), address), wanted));
  }
  builder.CreateCall(&kernel, arguments);
  builder.CreateRetVoid();
  kernel.setLinkage(GlobalValue::InternalLinkage);
  exportFrom(*wrapper);
  return wrapper;
}

Error ptx::emulator::describe(Module &module, ArrayRef<Kernel> kernels, const HookCalls &hooks) {
  Writer write(module);
  // The kernels' own globals, before the description adds its constants.
  SmallVector<GlobalVariable *> variables;
  for (GlobalVariable &variable : module.globals())
    if (variable.getName() != "ptx_emulator_hooks")
      variables.push_back(&variable);
  std::vector<Constant *> globals;
  for (GlobalVariable *variable : variables) {
    variable->setLinkage(GlobalValue::InternalLinkage);
    uint64_t bytes = module.getDataLayout().getTypeAllocSize(variable->getValueType());
    globals.push_back(write.record({write.string(variable->getName()), write.generic(variable), write.number(bytes)}));
  }
  std::vector<Constant *> infos;
  for (const Kernel &kernel : kernels) {
    Expected<Function *> wrapper = wrap(module, *kernel.function);
    if (!wrapper)
      return wrapper.takeError();
    std::vector<Constant *> shared;
    for (const SharedVariable &variable : kernel.shared)
      shared.push_back(
          write.record({write.string(variable.name), write.number(variable.offset), write.number(variable.bytes)}));
    infos.push_back(
        write.record({write.string((*wrapper)->getName()), *wrapper, write.number(kernel.function->arg_size()),
                      write.number(kernel.sharedBytes), write.number(kernel.dynamicOffset), write.number(shared.size()),
                      write.array(shared)}));
  }
  std::vector<Constant *> sites;
  for (const std::string &place : hooks.sites())
    sites.push_back(write.string(place));
  Constant *info = write.record({write.number(hooksVersion), write.number(infos.size()), write.array(infos),
                                 write.number(sites.size()), write.array(sites), write.number(globals.size()),
                                 write.array(globals)});
  exportFrom(
      *new GlobalVariable(module, info->getType(), true, GlobalValue::ExternalLinkage, info, "ptx_emulator_module"));
  exportFrom(*module.getNamedGlobal("ptx_emulator_hooks"));
  return Error::success();
}
