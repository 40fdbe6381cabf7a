// Generated kernels to the NVVM dialect. The only file with NVVM's header,
// which alone takes many seconds to compile.
#include "passes/Target/CUDA/Codegen.h"

#include "dialects/dev/IR/DevDialect.h"
#include "dialects/rt/IR/RtDialect.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace ptx;

void cuda::registerKernelDialects(DialectRegistry &registry) {
  registry.insert<rt::RtDialect, arith::ArithDialect, cf::ControlFlowDialect, dev::DevDialect, gpu::GPUDialect,
                  LLVM::LLVMDialect, math::MathDialect, NVVM::NVVMDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

//===- dev to NVVM: a pattern per op -------------------------------------------===//

namespace {

/// A global of address space 3 beside the kernel.
struct LowerShared : OpConversionPattern<dev::SharedOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::SharedOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    auto module = op->getParentOfType<gpu::GPUModuleOp>();
    auto function = op->getParentOfType<FunctionOpInterface>();
    std::string name = (function.getName() + "_shared").str();
    auto type = LLVM::LLVMArrayType::get(rewriter.getF32Type(), op.getFloats());
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      LLVM::GlobalOp::create(rewriter, op.getLoc(), type, /*isConstant=*/false, LLVM::Linkage::Internal, name,
                             Attribute(), /*alignment=*/16, /*addrSpace=*/3);
    }
    rewriter.replaceOpWithNewOp<LLVM::AddressOfOp>(op, op.getType(), name);
    return success();
  }
};

struct LowerCopyAsync : OpConversionPattern<dev::CopyAsyncOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::CopyAsyncOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    constexpr int32_t bytes = 4;
    Location loc = op.getLoc();
    Value all = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(bytes));
    Value none = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
    Value read = LLVM::SelectOp::create(rewriter, loc, adaptor.getExists(), all, none);
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncOp>(op, adaptor.getTo(), adaptor.getFrom(), bytes,
                                                 NVVM::LoadCacheModifierKind::CA, read);
    return success();
  }
};

struct LowerCommitCopies : OpConversionPattern<dev::CommitCopiesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::CommitCopiesOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncCommitGroupOp>(op);
    return success();
  }
};

struct LowerWaitCopies : OpConversionPattern<dev::WaitCopiesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::WaitCopiesOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncWaitGroupOp>(op, op.getLeft());
    return success();
  }
};

struct LowerWarpBarrier : OpConversionPattern<dev::WarpBarrierOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::WarpBarrierOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    Value all = LLVM::ConstantOp::create(rewriter, op.getLoc(), rewriter.getI32IntegerAttr(-1));
    rewriter.replaceOpWithNewOp<NVVM::SyncWarpOp>(op, all);
    return success();
  }
};

struct LowerMma : OpConversionPattern<dev::MmaOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(dev::MmaOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type f32 = rewriter.getF32Type();
    bool isBf16 = op.getElementType().isBF16();
    // NVVM takes f16 as vectors, bf16 as integers.
    auto factor = [&](Value word) -> Value {
      return isBf16 ? word : LLVM::BitcastOp::create(rewriter, loc, VectorType::get({2}, rewriter.getF16Type()), word);
    };
    ValueRange operands = adaptor.getOperands();
    SmallVector<Value> a = llvm::map_to_vector(operands.take_front(4), factor);
    SmallVector<Value> b = llvm::map_to_vector(operands.slice(4, 2), factor);
    NVVM::MMATypes type = isBf16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
    Value sums =
        NVVM::MmaOp::create(rewriter, loc, LLVM::LLVMStructType::getLiteral(op.getContext(), {f32, f32, f32, f32}), a,
                            b, operands.take_back(4), ArrayRef<int64_t>{16, 8, 16}, std::nullopt, std::nullopt,
                            std::array{type, type}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
    SmallVector<Value> results;
    for (int64_t i = 0; i < 4; ++i)
      results.push_back(LLVM::ExtractValueOp::create(rewriter, loc, sums, i));
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// What the emulator could not run, nothing would prove.
LogicalResult refuseInlineAssembly(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    if (!isa<LLVM::InlineAsmOp, NVVM::InlinePtxOp>(op))
      return WalkResult::advance();
    op->emitError("inline assembly has no meaning in the emulator: it belongs behind an op of the dev dialect");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

} // namespace

LogicalResult cuda::lowerToNVVM(ModuleOp module) {
  MLIRContext *context = module.getContext();
  context->loadDialect<cf::ControlFlowDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  if (failed(refuseInlineAssembly(module)))
    return failure();
  // Control flow first: the LLVM patterns convert the types of blocks.
  RewritePatternSet structured(context);
  populateSCFToControlFlowConversionPatterns(structured);
  ConversionTarget flat(*context);
  flat.addIllegalDialect<scf::SCFDialect>();
  flat.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  if (failed(applyPartialConversion(module, flat, std::move(structured))))
    return failure();

  LowerToLLVMOptions options(context);
  options.overrideIndexBitwidth(32);
  LLVMTypeConverter types(context, options);
  RewritePatternSet patterns(context);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  // Rather than NVVM's, which would call libdevice.
  populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false, /*benefit=*/2);
  populateGpuToNVVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  patterns.add<LowerShared, LowerCopyAsync, LowerCommitCopies, LowerWaitCopies, LowerWarpBarrier, LowerMma>(types,
                                                                                                            context);
  LLVMConversionTarget target(*context);
  configureGpuToNVVMConversionLegality(target);
  target.addLegalOp<ModuleOp, gpu::GPUModuleOp>();
  target.addIllegalDialect<arith::ArithDialect, math::MathDialect, cf::ControlFlowDialect, dev::DevDialect>();
  // NVVM's legality would send these to libdevice; for f32 PTX has them all.
  target.addLegalOp<LLVM::CopySignOp, LLVM::FAbsOp, LLVM::FMAOp, LLVM::SqrtOp>();
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return failure();
  // Lines of the generators reach the emulator as debug locations.
  PassManager scopes(context);
  scopes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
  return scopes.run(module);
}
