#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/Common/Link.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"

using namespace llvm;

static Error makeError(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

// no-builtins: a copy loop must not become a call of memcpy, nothing is linked.
static void setAttributes(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("no-builtins");
    function.addFnAttr(Attribute::NoUnwind);
    function.addFnAttr("min-legal-vector-width", "512");
  }
}

static void optimise(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cycles;
  ModuleAnalysisManager modules;
  // The kernels choose their vectors; what is left in scalars is addresses.
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
}

Expected<std::vector<char>> ptx::cpu::compileToObject(mlir::ModuleOp source, Level level) {
  LLVMContext context;
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(source, context, "ptx-kernels");
  if (!module)
    return makeError("the kernels could not be translated to LLVM IR");
  auto machine = target::makeHostMachine(info(level).processor, info(level).features);
  if (!machine)
    return machine.takeError();
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  setAttributes(*module);
  optimise(*module, **machine);
  return target::emitObject(*module, **machine);
}
