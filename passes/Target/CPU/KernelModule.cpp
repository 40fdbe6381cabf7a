#include "passes/Target/CPU/KernelModule.h"

#include "passes/Target/CPU/Generators.h"

using namespace mlir;
using namespace ptx::cpu;

namespace {
bool isSupported(Operation &op) {
  return isa<arith::ConstantOp, arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MaximumFOp,
             arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::NegFOp, arith::SelectOp, arith::CmpFOp,
             math::ExpOp, math::TanhOp, math::ErfOp, math::FmaOp, math::SqrtOp, math::RsqrtOp, math::AbsFOp,
             math::CopySignOp>(op);
}

// Values a region takes before its extras; -1 for a skeleton without a region.
int64_t elementCount(ptx::rt::KernelOp kernel) {
  switch (kernel.getSkeleton()) {
  case ptx::rt::Skeleton::Attention:
  case ptx::rt::Skeleton::SegmentMean:
    return -1;
  case ptx::rt::Skeleton::Gather:
    return kernel.getTables();
  default:
    return 1;
  }
}

LogicalResult verifyKernel(ptx::rt::KernelOp kernel) {
  int64_t elements = elementCount(kernel);
  bool norm = kernel.getSkeleton() == ptx::rt::Skeleton::RowNorm;
  if (norm && (!kernel.getNorm() || !kernel.getEps()))
    return kernel.emitOpError("of a row norm expects `norm` and `eps`");
  if (kernel.getSkeleton() == ptx::rt::Skeleton::Attention && (kernel.getHeadDim() <= 0 || !kernel.getScale()))
    return kernel.emitOpError("of an attention expects a positive `head_dim` and a `scale`");
  if (elements < 0)
    return success();
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitOpError("expects a region of one block");
  Block &block = kernel.getBody().front();
  int64_t expected = elements + kernel.getExtras().size();
  if (block.getNumArguments() != expected)
    return kernel.emitOpError("expects a region of ") << expected << " arguments, found " << block.getNumArguments();
  if (block.empty() || block.back().getNumOperands() != 1)
    return kernel.emitOpError("expects a region that yields one value");
  for (Operation &op : block.without_terminator())
    if (!isSupported(op))
      return op.emitError("no CPU kernel computes '") << op.getName() << "' in a region";
  return success();
}

void emitKernel(Emit &e, ptx::rt::KernelOp op, const LevelInfo &level) {
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = e.create<func::FuncOp>(op.getSymName(), e.getFunctionType({ptr, i64, i64, i64, i64, ptr}, {}));
  e.setInsertionPointToStart(function.addEntryBlock());
  auto argument = [&](unsigned i) { return function.getArgument(i); };
  Kernel kernel{op, level, argument(0), argument(1), argument(2), argument(3), argument(4), argument(5)};
  switch (op.getSkeleton()) {
  case ptx::rt::Skeleton::Contract:
    emitContract(e, kernel);
    break;
  case ptx::rt::Skeleton::Attention:
    emitAttention(e, kernel);
    break;
  case ptx::rt::Skeleton::RowNorm:
    emitRowNorm(e, kernel);
    break;
  case ptx::rt::Skeleton::Gather:
    emitGather(e, kernel);
    break;
  case ptx::rt::Skeleton::SegmentMean:
    emitSegmentMean(e, kernel);
    break;
  case ptx::rt::Skeleton::Map:
    emitMap(e, kernel);
    break;
  }
  e.create<func::ReturnOp>();
  e.setInsertionPointAfter(function);
}
} // namespace

OwningOpRef<ModuleOp> ptx::cpu::generateKernels(ModuleOp module, Level level) {
  MLIRContext *context = module.getContext();
  context->loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                       vector::VectorDialect>();
  SmallVector<rt::KernelOp> kernels;
  module.walk([&](rt::KernelOp kernel) { kernels.push_back(kernel); });
  for (rt::KernelOp kernel : kernels)
    if (failed(verifyKernel(kernel)))
      return {};
  // Unknown locations: nothing of the machine that compiles reaches the code.
  OwningOpRef<ModuleOp> result = ModuleOp::create(UnknownLoc::get(context));
  Emit e(UnknownLoc::get(context), context);
  e.setInsertionPointToStart(result->getBody());
  emitMicroKernels(e, info(level));
  for (rt::KernelOp kernel : kernels)
    emitKernel(e, kernel, info(level));
  return result;
}

ScratchBytes ptx::cpu::scratchBytes(rt::KernelOp kernel) {
  switch (kernel.getSkeleton()) {
  case rt::Skeleton::Contract:
    return {contractScratch(), 0};
  case rt::Skeleton::Attention:
    return {attentionScratchBase(kernel.getHeadDim()), attentionScratchPerKey()};
  default:
    return {};
  }
}
