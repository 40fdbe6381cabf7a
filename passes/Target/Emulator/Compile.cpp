#include "passes/Target/Common/Link.h"
#include "passes/Target/Emulator/Retarget.h"

#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

// The NVPTX side has optimised; this only tidies what retargeting added. More
// would move the kernel away from what the device runs.
static void tidy(Module &module, TargetMachine &machine) {
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
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass());
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  createModuleToFunctionPassAdaptor(std::move(passes)).run(module, modules);
}

Expected<std::vector<char>> ptx::emulator::compileToHost(Module &retargeted) {
  auto machine = target::makeHostMachine("x86-64-v3", "");
  if (!machine)
    return machine.takeError();
  // no-builtins: a loop must not become a call of memcpy, nothing is linked.
  for (Function &function : retargeted)
    if (!function.isDeclaration()) {
      function.addFnAttr("no-builtins");
      function.addFnAttr(Attribute::NoUnwind);
    }
  tidy(retargeted, **machine);
  auto object = target::emitObject(retargeted, **machine);
  if (!object)
    return object.takeError();
  return target::linkShared(*object);
}
