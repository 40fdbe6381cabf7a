#include "passes/Target/CUDA/CudaTarget.h"

#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/Generators.h"
#include "passes/Target/CUDA/KernelModule.h"
#include "passes/Target/CUDA/LibraryCall.h"

#include "llvm/IR/LLVMContext.h"

using namespace ptx;
using namespace ptx::cuda;

namespace {

constexpr llvm::StringLiteral defaultChips = "sm_80+sm_90a", ptxPrefix = "ptx_";

class CudaTarget : public Target {
public:
  llvm::StringRef name() const override { return "cuda"; }
  llvm::StringRef help() const override {
    return "cuda[:CHIP+CHIP...]: NVIDIA GPUs, a cubin per chip and PTX for later ones; default sm_80+sm_90a";
  }
  llvm::ArrayRef<TargetFlag> flags() const override {
    static constexpr TargetFlag table[] = {
        {"ptxas", "the ptxas to use; default PATH, then CUDA's usual places", ""},
        {"cublaslt", "contractions by cuBLASLt where it is there: auto (from 128 rows), always or never", "auto",
         "auto,always,never"}};
    return table;
  }

  // The chips, oldest first, then the PTX of the newest without what only that
  // one chip has: drivers compile it for whatever comes after.
  llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &flags) const override {
    llvm::SmallVector<llvm::StringRef> wanted;
    (text.empty() ? llvm::StringRef(defaultChips) : text).split(wanted, '+');
    for (llvm::StringRef chip : wanted)
      if (!findChip(chip))
        return llvm::createStringError("'" + chip + "' is no chip this compiler knows, it knows " + chipNames());
    std::vector<std::string> names;
    const Chip *newest = nullptr;
    for (const Chip &chip : chips()) {
      auto count = llvm::count(wanted, chip.name);
      if (count > 1)
        return llvm::createStringError("chip '" + chip.name + "' is named twice");
      if (count == 0)
        continue;
      names.push_back(chip.name.str());
      newest = &chip;
    }
    // Said before anything is compiled.
    if (auto ptxas = findPtxas(flags.at("ptxas")); !ptxas)
      return ptxas.takeError();
    names.push_back((ptxPrefix + newest->generic).str());
    return names;
  }

  std::optional<Geometry> geometry() const override { return cuda::geometry(); }
  bool multipliesIn(mlir::Type) const override { return true; }
  Metadata describe(rt::KernelOp kernel, const TargetFlags &flags) const override {
    Metadata metadata = describeKernel(kernel);
    llvm::append_range(metadata, describeLibraryCall(kernel, flags));
    return metadata;
  }
  void explain(mlir::ModuleOp module, const TargetFlags &flags, llvm::raw_ostream &out) const override {
    explainLibraryCalls(module, flags, out);
  }
  Metadata describe(rt::EntryOp entry, mlir::ModuleOp) const override { return describeEntry(entry); }
  void registerDialects(mlir::DialectRegistry &registry) const override { registerKernelDialects(registry); }

  mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::ModuleOp module, llvm::StringRef) const override {
    return generateKernels(module);
  }

  llvm::Expected<TargetCode> compile(mlir::ModuleOp generated, llvm::StringRef variant, const TargetFlags &flags,
                                     bool keepTexts) const override {
    bool isText = variant.consume_front(ptxPrefix);
    const Chip &chip = *findChip(variant);
    if (failed(lowerToNVVM(generated)))
      return llvm::createStringError("the kernels could not be lowered to the NVVM dialect");
    llvm::LLVMContext context;
    auto module = optimisedModule(generated, chip, context);
    if (!module)
      return module.takeError();
    TargetCode made;
    if (keepTexts)
      llvm::raw_string_ostream(made.texts["ll"]) << **module;
    auto ptx = toPtx(**module, chip);
    if (!ptx)
      return ptx.takeError();
    if (keepTexts)
      made.texts["ptx"] = *ptx;
    if (isText) {
      made.bytes = std::move(*ptx);
      return made;
    }
    auto cubin = assemble(*ptx, chip, flags.at("ptxas"));
    if (!cubin)
      return cubin.takeError();
    made.bytes = std::move(cubin->bytes);
    made.notes = std::move(cubin->notes);
    return made;
  }
};

} // namespace

Geometry ptx::cuda::geometry() {
  return {MatrixLayout::Rows, /*lanes=*/4, /*oddPitch=*/false, static_cast<uint64_t>(attentionBlockRows)};
}

const Target &ptx::cuda::target() {
  static const CudaTarget row;
  return row;
}
