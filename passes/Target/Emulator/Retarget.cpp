#include "passes/Target/Emulator/Retarget.h"
#include "passes/Target/Common/Link.h"
#include "passes/Target/Emulator/Steps.h"

#include "llvm/IR/DebugInfo.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace llvm;
using namespace ptx::emulator;

// Helpers go into their kernels, so that a fault in one names the kernel, and
// shared memory is laid out kernel by kernel.
static void inlineHelpers(Module &module) {
  for (Function &function : module)
    if (!function.isDeclaration() && function.getCallingConv() != CallingConv::PTX_Kernel) {
      function.setLinkage(GlobalValue::InternalLinkage);
      function.removeFnAttr(Attribute::NoInline);
      function.removeFnAttr(Attribute::OptimizeNone);
      function.addFnAttr(Attribute::AlwaysInline);
    }
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cycles;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);
  ModulePassManager passes;
  passes.addPass(AlwaysInlinerPass());
  passes.addPass(GlobalDCEPass());
  passes.run(module, modules);
}

static void dropUsedLists(Module &module) {
  for (const char *name : {"llvm.used", "llvm.compiler.used"})
    if (GlobalVariable *list = module.getNamedGlobal(name))
      list->eraseFromParent();
}

// What the NVPTX optimiser knows of a kernel's memory holds on the device; here
// a wild pointer must not be read before it was checked, so nothing may be
// assumed of any. Nor may sums be reordered or fused another time.
static void dropPromises(Function &function) {
  function.setCallingConv(CallingConv::C);
  function.setAttributes({});
  function.setComdat(nullptr);
  for (BasicBlock &block : function)
    for (Instruction &instruction : block) {
      instruction.dropUnknownNonDebugMetadata({LLVMContext::MD_nosanitize}); // marks calls of hooks
      if (isa<FPMathOperator>(instruction))
        instruction.setFastMathFlags(FastMathFlags());
      if (auto *call = dyn_cast<CallInst>(&instruction)) {
        call->setAttributes({});
        if (!call->isInlineAsm() && call->getCalledFunction() && !call->getCalledFunction()->isIntrinsic())
          call->setCallingConv(CallingConv::C);
      }
    }
}

static void dropMetadata(Module &module) {
  StripDebugInfo(module);
  SmallVector<NamedMDNode *> nodes;
  for (NamedMDNode &node : module.named_metadata())
    nodes.push_back(&node);
  for (NamedMDNode *node : nodes)
    node->eraseFromParent();
}

Error ptx::emulator::retargetToHost(Module &module) {
  dropUsedLists(module);
  inlineHelpers(module);
  auto machine = target::makeHostMachine("x86-64-v3", "");
  if (!machine)
    return machine.takeError();
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());

  std::vector<Kernel> kernels;
  for (Function &function : module)
    if (!function.isDeclaration() && function.getCallingConv() == CallingConv::PTX_Kernel) {
      if (any_of(function.args(), [](const Argument &argument) { return argument.hasByValAttr(); }))
        return createStringError("kernel '" + function.getName() + "': structs as parameters are not emulated");
      kernels.push_back({&function, {}});
    }
  HookCalls hooks(module);
  if (Error error = replaceIntrinsics(module, hooks))
    return error;
  for (Function &function : module)
    if (!function.isDeclaration())
      dropPromises(function);
  roundConversions(module);
  instrument(module, hooks);
  if (Error error = placeShared(module, kernels, hooks))
    return error;
  dropMetadata(module);
  return describe(module, kernels, hooks);
}
