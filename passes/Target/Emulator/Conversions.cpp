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

static bool isBf16(Type *type) { return type->getScalarType()->isBFloatTy(); }

// The optimiser computes in bf16 what is rounded to it from two numbers of
// bf16, which gives the same: f32 has more than twice its digits.
static void widenArithmetic(BinaryOperator &operation) {
  IRBuilder<> builder(&operation);
  Type *wide = operation.getType()->getWithNewType(builder.getFloatTy());
  Value *left = builder.CreateFPExt(operation.getOperand(0), wide);
  Value *right = builder.CreateFPExt(operation.getOperand(1), wide);
  Value *result = builder.CreateBinOp(operation.getOpcode(), left, right);
  operation.replaceAllUsesWith(builder.CreateFPTrunc(result, operation.getType()));
  operation.eraseFromParent();
}

// A value of bf16 that meets others, or is stored, would be held as f32 and
// rounded again by a function that is not linked: these carry its bits.
static void carryBits(Instruction &instruction) {
  Type *narrow = instruction.getType(), *bits = narrow->getWithNewType(Type::getInt16Ty(instruction.getContext()));
  Instruction *made;
  if (auto *phi = dyn_cast<PHINode>(&instruction)) {
    auto *copy = PHINode::Create(bits, phi->getNumIncomingValues(), "", phi->getIterator());
    for (auto [value, block] : zip(phi->incoming_values(), phi->blocks()))
      copy->addIncoming(IRBuilder<>(block->getTerminator()).CreateBitCast(value, bits), block);
    made = copy;
  } else {
    auto *select = cast<SelectInst>(&instruction);
    IRBuilder<> builder(select);
    made = SelectInst::Create(select->getCondition(), builder.CreateBitCast(select->getTrueValue(), bits),
                              builder.CreateBitCast(select->getFalseValue(), bits), "", select->getIterator());
  }
  IRBuilder<> builder(instruction.getParent(),
                      isa<PHINode>(made) ? instruction.getParent()->getFirstInsertionPt() : instruction.getIterator());
  instruction.replaceAllUsesWith(builder.CreateBitCast(made, narrow));
  instruction.eraseFromParent();
}

static void storeBits(StoreInst &store) {
  IRBuilder<> builder(&store);
  Value *value = store.getValueOperand();
  store.setOperand(0, builder.CreateBitCast(value, value->getType()->getWithNewType(builder.getInt16Ty())));
}

void ptx::emulator::roundConversions(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function)))
      if (auto *operation = dyn_cast<BinaryOperator>(&instruction); operation && isBf16(operation->getType()))
        widenArithmetic(*operation);
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      auto *rounding = dyn_cast<FPTruncInst>(&instruction);
      if (rounding && isBf16(rounding->getType()) && rounding->getOperand(0)->getType()->getScalarType()->isFloatTy())
        replaceRounding(*rounding);
    }
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      if (auto *store = dyn_cast<StoreInst>(&instruction); store && isBf16(store->getValueOperand()->getType()))
        storeBits(*store);
      else if (isa<PHINode, SelectInst>(instruction) && isBf16(instruction.getType()))
        carryBits(instruction);
    }
}
