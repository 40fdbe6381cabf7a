#include "passes/Target/CPU/KernelModule.h"

#include "passes/Target/CPU/Attention.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ptx::cpu;

namespace {
void emitKernel(Emit &e, ptx::rt::KernelOp op, const LevelInfo &level) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = e.create<func::FuncOp>(op.getSymName(), e.getFunctionType({ptr, i64, i64, i64, i64, ptr}, {}));
  e.setInsertionPointToStart(function.addEntryBlock());
  auto argument = [&](unsigned i) { return function.getArgument(i); };
  Kernel kernel{op, level, Words(op, argument(0)), argument(1), argument(2), argument(3), argument(4), argument(5)};
  switch (op.getSkeleton()) {
  case ptx::xf::Skeleton::Contract:
    emitContract(e, kernel);
    break;
  case ptx::xf::Skeleton::Attention:
    emitAttention(e, kernel);
    break;
  case ptx::xf::Skeleton::AttentionChunk:
    emitAttentionChunk(e, kernel);
    break;
  case ptx::xf::Skeleton::AttentionJoin:
    emitAttentionJoin(e, kernel);
    break;
  case ptx::xf::Skeleton::RowNorm:
    emitRowNorm(e, kernel);
    break;
  case ptx::xf::Skeleton::Gather:
    emitGather(e, kernel);
    break;
  case ptx::xf::Skeleton::Append:
    emitAppend(e, kernel);
    break;
  case ptx::xf::Skeleton::Pool:
    emitPool(e, kernel);
    break;
  case ptx::xf::Skeleton::Greatest:
    emitGreatest(e, kernel);
    break;
  case ptx::xf::Skeleton::Map:
    emitMap(e, kernel);
    break;
  case ptx::xf::Skeleton::Fold:
    emitFold(e, kernel);
    break;
  case ptx::xf::Skeleton::FoldNorm:
    emitFoldNorm(e, kernel);
    break;
  }
  e.create<func::ReturnOp>();
  e.setInsertionPointAfter(function);
}
} // namespace

/// The narrow types that some kernel multiplies in.
static SmallVector<Type> productTypesOf(ArrayRef<ptx::rt::KernelOp> kernels) {
  llvm::SetVector<Type> types;
  for (ptx::rt::KernelOp kernel : kernels)
    if (std::optional<Type> type = kernel.getProductType())
      types.insert(*type);
  return types.takeVector();
}

OwningOpRef<ModuleOp> ptx::cpu::generateKernels(ModuleOp module, Level level) {
  MLIRContext *context = module.getContext();
  context->loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                       vector::VectorDialect>();
  SmallVector<rt::KernelOp> kernels;
  module.walk([&](rt::KernelOp kernel) { kernels.push_back(kernel); });
  // Unknown locations: nothing of the machine that compiles reaches the code.
  OwningOpRef<ModuleOp> result = ModuleOp::create(UnknownLoc::get(context));
  Emit e(UnknownLoc::get(context), context);
  e.setInsertionPointToStart(result->getBody());
  emitMicroKernels(e, info(level), productTypesOf(kernels));
  for (rt::KernelOp kernel : kernels)
    emitKernel(e, kernel, info(level));
  return result;
}

ScratchBytes ptx::cpu::scratchBytes(rt::KernelOp kernel) {
  switch (kernel.getSkeleton()) {
  case xf::Skeleton::Contract:
    return {contractScratch(kernel.getProductType().has_value()), 0};
  case xf::Skeleton::Attention:
  case xf::Skeleton::AttentionChunk:
  case xf::Skeleton::AttentionJoin:
    return attentionScratch(kernel);
  default:
    return {};
  }
}
