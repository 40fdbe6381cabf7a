#include "passes/Target/Emulator/EmulatorTarget.h"

#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/CudaTarget.h"
#include "passes/Target/Emulator/Retarget.h"

#include "llvm/IR/LLVMContext.h"

using namespace ptx;

namespace {

class EmulatorTarget : public Target {
public:
  llvm::StringRef name() const override { return "emulator"; }
  llvm::StringRef help() const override {
    return "emulator[:CHIP]: the GPU kernels for CHIP, run and checked on the CPU; default sm_80";
  }

  bool reads(llvm::StringRef flag) const override { return flag == "cublaslt"; } // through cuda's describe

  llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &) const override {
    llvm::StringRef chip = text.empty() ? "sm_80" : text;
    if (!cuda::findChip(chip))
      return llvm::createStringError("'" + chip + "' is no chip this compiler knows, it knows " + cuda::chipNames());
    return std::vector<std::string>{chip.str()};
  }

  std::optional<Geometry> geometry() const override { return cuda::geometry(); }
  bool multipliesIn(mlir::Type) const override { return true; }
  Metadata describe(rt::KernelOp kernel, const TargetFlags &flags) const override {
    return cuda::target().describe(kernel, flags);
  }
  Metadata describe(rt::EntryOp entry, mlir::ModuleOp module) const override {
    return cuda::target().describe(entry, module);
  }
  void registerDialects(mlir::DialectRegistry &registry) const override { cuda::registerKernelDialects(registry); }

  mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::ModuleOp module, llvm::StringRef variant) const override {
    return cuda::target().generate(module, variant);
  }

  llvm::Expected<TargetCode> compile(mlir::ModuleOp generated, llvm::StringRef variant, const TargetFlags &,
                                     bool keepTexts) const override {
    if (failed(cuda::lowerToNVVM(generated)))
      return llvm::createStringError("the kernels could not be lowered to the NVVM dialect");
    llvm::LLVMContext context;
    auto module = cuda::optimisedModule(generated, *cuda::findChip(variant), context);
    if (!module)
      return module.takeError();
    TargetCode made;
    if (keepTexts)
      llvm::raw_string_ostream(made.texts["ll"]) << **module;
    if (llvm::Error error = emulator::retargetToHost(**module))
      return std::move(error);
    auto code = emulator::compileToHost(**module);
    if (!code)
      return code.takeError();
    made.bytes.assign(code->begin(), code->end());
    return made;
  }
};

} // namespace

const Target &ptx::emulator::target() {
  static const EmulatorTarget row;
  return row;
}
