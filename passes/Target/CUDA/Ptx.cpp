// LLVM IR for NVPTX, optimised, and PTX.
#include "passes/Target/CUDA/Codegen.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace ptx::cuda;

static Expected<std::unique_ptr<TargetMachine>> makeMachine(const Chip &chip) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  Triple triple("nvptx64-nvidia-cuda");
  std::string why;
  const Target *target = TargetRegistry::lookupTarget(triple, why);
  if (!target)
    return createStringError(why);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict; // a multiply and an add stay two roundings
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(triple, chip.name, chip.ptx, options, std::nullopt,
                                                                    std::nullopt, CodeGenOptLevel::Aggressive));
}

static void optimise(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cycles;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
}

Expected<std::unique_ptr<Module>> ptx::cuda::optimisedModule(mlir::ModuleOp lowered, const Chip &chip,
                                                             LLVMContext &context) {
  auto kernels = lowered.getOps<mlir::gpu::GPUModuleOp>();
  if (kernels.empty())
    return createStringError("there is no gpu.module");
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(*kernels.begin(), context, "ptx-kernels");
  if (!module)
    return createStringError("the kernels could not be translated to LLVM IR");
  auto machine = makeMachine(chip);
  if (!machine)
    return machine.takeError();
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  optimise(*module, **machine);
  return module;
}

Expected<std::string> ptx::cuda::toPtx(Module &module, const Chip &chip) {
  auto machine = makeMachine(chip);
  if (!machine)
    return machine.takeError();
  StripDebugInfo(module);
  SmallVector<char, 0> text;
  raw_svector_ostream stream(text);
  legacy::PassManager emit;
  if ((*machine)->addPassesToEmitFile(emit, stream, nullptr, CodeGenFileType::AssemblyFile))
    return createStringError("the back end cannot write PTX");
  emit.run(module);
  return std::string(text.begin(), text.end());
}
