// x86 has no instruction that rounds f32 to bf16, and nothing is linked that
// could stand in for one: it is done in integers, as PTX's cvt.rn does it.
#include "passes/Target/Emulator/Steps.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

static void replaceRounding(FPTruncInst &rounding) {
  IRBuilder<> builder(&rounding);
  Value *x = rounding.getOperand(0);
  Type *words = x->getType()->getWithNewType(builder.getInt32Ty());
  Type *halves = x->getType()->getWithNewType(builder.getInt16Ty());
  Value *bits = builder.CreateBitCast(x, words);
  Value *odd = builder.CreateAnd(builder.CreateLShr(bits, 16), 1);
  Value *carried = builder.CreateAdd(builder.CreateAdd(bits, ConstantInt::get(words, 0x7fff)), odd);
  Value *rounded = builder.CreateTrunc(builder.CreateLShr(carried, 16), halves);
  Value *isNan = builder.CreateFCmpUNO(x, x);
  Value *result = builder.CreateSelect(isNan, ConstantInt::get(halves, 0x7fff), rounded);
  rounding.replaceAllUsesWith(builder.CreateBitCast(result, rounding.getType()));
  rounding.eraseFromParent();
}

void ptx::emulator::roundConversions(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      auto *rounding = dyn_cast<FPTruncInst>(&instruction);
      if (rounding && rounding->getType()->getScalarType()->isBFloatTy() &&
          rounding->getOperand(0)->getType()->getScalarType()->isFloatTy())
        replaceRounding(*rounding);
    }
}
