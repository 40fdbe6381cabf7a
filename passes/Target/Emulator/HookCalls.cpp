#include "passes/Target/Emulator/HookCalls.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"

#include <cstddef>

using namespace llvm;
using namespace ptx::emulator;

namespace {
template <typename T> Type *typeOf(LLVMContext &context) {
  if constexpr (std::is_void_v<T>)
    return Type::getVoidTy(context);
  else if constexpr (std::is_same_v<T, float>)
    return Type::getFloatTy(context);
  else
    return Type::getIntNTy(context, sizeof(T) * 8);
}

template <typename R, typename... A> FunctionType *signatureOf(LLVMContext &context, R (*Hooks::*)(A...)) {
  return FunctionType::get(typeOf<R>(context), {typeOf<A>(context)...}, false);
}

struct Entry {
  FunctionType *type;
  uint64_t offset;
};
} // namespace

static Entry entryOf(LLVMContext &context, Hook hook) {
  switch (hook) {
#define PTX_EMULATOR_HOOK(name, ...)                                                                                   \
  case Hook::name:                                                                                                     \
    return {signatureOf(context, &Hooks::name), offsetof(Hooks, name)};
    PTX_EMULATOR_HOOKS(PTX_EMULATOR_HOOK)
#undef PTX_EMULATOR_HOOK
  }
  llvm_unreachable("every hook has an entry");
}

Value *ptx::emulator::castBits(IRBuilderBase &builder, Value *value, Type *type) {
  Type *from = value->getType();
  if (from == type)
    return value;
  if (from->isPointerTy())
    return builder.CreatePtrToInt(value, type);
  if (type->isPointerTy())
    return builder.CreateIntToPtr(value, type);
  if (auto *pair = dyn_cast<StructType>(type)) {
    Value *upper = builder.CreateTrunc(builder.CreateLShr(value, 32), builder.getInt32Ty());
    Value *first =
        builder.CreateInsertValue(PoisonValue::get(type), castBits(builder, value, pair->getElementType(0)), 0);
    return builder.CreateInsertValue(first, castBits(builder, upper, pair->getElementType(1)), 1);
  }
  if (type->isIntegerTy(1))
    return builder.CreateICmpNE(value, ConstantInt::get(from, 0));
  if (from->isIntegerTy() && type->isIntegerTy())
    return builder.CreateZExtOrTrunc(value, type);
  // A float: through the integer of its width.
  if (from->isIntegerTy())
    value = builder.CreateZExtOrTrunc(value, builder.getIntNTy(type->getPrimitiveSizeInBits()));
  return builder.CreateBitCast(value, type);
}

HookCalls::HookCalls(Module &module) : context(module.getContext()) {
  PointerType *pointer = PointerType::getUnqual(context);
  table = new GlobalVariable(module, pointer, /*isConstant=*/false, GlobalValue::ExternalLinkage,
                             ConstantPointerNull::get(pointer), "ptx_emulator_hooks");
}

ConstantInt *HookCalls::site(const Instruction &where) {
  const DILocation *location = where.getDebugLoc();
  places.push_back(location && location->getLine() ? location->getFilename().str() + ":" + utostr(location->getLine())
                                                   : "-");
  return ConstantInt::get(Type::getInt32Ty(context), places.size() - 1);
}

Value *HookCalls::call(IRBuilderBase &builder, Hook hook, ArrayRef<Value *> arguments, const Instruction *where) {
  Entry entry = entryOf(context, hook);
  SmallVector<Value *> values;
  for (auto [i, argument] : enumerate(arguments))
    values.push_back(castBits(builder, argument, entry.type->getParamType(i)));
  if (values.size() + 1 == entry.type->getNumParams()) {
    values.push_back(site(*where));
    counting.insert(builder.GetInsertBlock()); // the hooks with sites are those that check and count
  }
  assert(values.size() == entry.type->getNumParams() && "a rule gives a hook all of its arguments");
  PointerType *pointer = PointerType::getUnqual(context);
  // Loads of the table are marked: they are not the kernel's and nobody checks them.
  auto load = [&](Value *from) {
    LoadInst *load = builder.CreateLoad(pointer, from);
    load->setNoSanitizeMetadata();
    return load;
  };
  Value *address = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), load(table), entry.offset);
  return builder.CreateCall(entry.type, load(address), values);
}
