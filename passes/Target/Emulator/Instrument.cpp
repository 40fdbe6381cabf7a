#include "passes/Target/Emulator/Steps.h"

#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;
using namespace ptx::emulator;

static bool isLocal(const Value *pointer) { return isa<AllocaInst>(getUnderlyingObject(pointer)); }

static void announce(Instruction &access, Value *pointer, Type *type, Align align, uint32_t flags, HookCalls &hooks) {
  if (isLocal(pointer))
    return;
  IRBuilder<> builder(&access);
  uint64_t bytes = access.getModule()->getDataLayout().getTypeStoreSize(type);
  flags |= Log2(align) << accessAlignShift;
  hooks.call(builder, Hook::access, {pointer, builder.getInt32(bytes), builder.getInt32(flags)}, &access);
}

static void replaceCopy(MemTransferInst &copy, HookCalls &hooks) {
  IRBuilder<> builder(&copy);
  hooks.call(builder, Hook::copy, {copy.getRawDest(), copy.getRawSource(), copy.getLength()}, &copy);
  copy.eraseFromParent();
}

static void replaceFill(MemSetInst &fill, HookCalls &hooks) {
  IRBuilder<> builder(&fill);
  hooks.call(builder, Hook::fill, {fill.getRawDest(), fill.getValue(), fill.getLength()}, &fill);
  fill.eraseFromParent();
}

static void instrumentAccess(Instruction &instruction, HookCalls &hooks) {
  if (auto *load = dyn_cast<LoadInst>(&instruction))
    announce(*load, load->getPointerOperand(), load->getType(), load->getAlign(), load->isAtomic() ? accessAtomic : 0,
             hooks);
  else if (auto *store = dyn_cast<StoreInst>(&instruction))
    announce(*store, store->getPointerOperand(), store->getValueOperand()->getType(), store->getAlign(),
             accessWrites | (store->isAtomic() ? accessAtomic : 0), hooks);
  else if (auto *update = dyn_cast<AtomicRMWInst>(&instruction))
    announce(*update, update->getPointerOperand(), update->getType(), update->getAlign(), accessWrites | accessAtomic,
             hooks);
  else if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&instruction))
    announce(*exchange, exchange->getPointerOperand(), exchange->getNewValOperand()->getType(), exchange->getAlign(),
             accessWrites | accessAtomic, hooks);
  else if (auto *copy = dyn_cast<MemTransferInst>(&instruction))
    replaceCopy(*copy, hooks);
  else if (auto *fill = dyn_cast<MemSetInst>(&instruction))
    replaceFill(*fill, hooks);
}

// Every turn of a loop runs both ends of its back edge: when neither counts as
// work, the turn itself must, or an endless loop would never return.
static void countTurns(Function &function, HookCalls &hooks) {
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>> edges;
  FindFunctionBackedges(function, edges);
  for (auto [from, to] : edges) {
    if (hooks.counts(from) || hooks.counts(to))
      continue;
    Instruction *end = const_cast<BasicBlock *>(from)->getTerminator();
    IRBuilder<> builder(end);
    hooks.call(builder, Hook::step, {}, end);
  }
}

void ptx::emulator::instrument(Module &module, HookCalls &hooks) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    SmallVector<Instruction *> accesses;
    for (BasicBlock &block : function)
      for (Instruction &instruction : block)
        if (instruction.mayReadOrWriteMemory() && !instruction.getMetadata(LLVMContext::MD_nosanitize))
          accesses.push_back(&instruction);
    for (Instruction *access : accesses)
      instrumentAccess(*access, hooks);
    countTurns(function, hooks);
  }
}
