#include "test/passes/Target/Toy/ToyTarget.h"

using namespace ptx;

namespace {

class ToyTarget : public Target {
public:
  llvm::StringRef name() const override { return "toy"; }
  llvm::StringRef help() const override { return "toy[:small+large]: lines of text; default small"; }
  llvm::ArrayRef<TargetFlag> flags() const override {
    static constexpr TargetFlag table[] = {{"toy-greeting", "what the code begins with", "hello"}};
    return table;
  }

  llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &) const override {
    std::vector<std::string> names;
    for (llvm::StringRef variant : llvm::split(text.empty() ? "small" : text, '+')) {
      if (variant != "small" && variant != "large")
        return llvm::createStringError("'" + variant + "' is neither small nor large");
      names.push_back(variant.str());
    }
    return names;
  }

  std::optional<Geometry> geometry() const override { return Geometry{MatrixLayout::Rows, 8, true, 5}; }
  Metadata describe(rt::KernelOp kernel, const TargetFlags &) const override {
    return {{"toy_words", static_cast<int64_t>(kernel.getSignature().size())}};
  }
  Metadata describe(rt::EntryOp entry, mlir::ModuleOp) const override {
    return {{"toy_members", static_cast<int64_t>(entry.getKernels().size())}};
  }

  // The kernels as they come are code enough.
  mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::ModuleOp module, llvm::StringRef) const override {
    mlir::OwningOpRef<mlir::ModuleOp> made = mlir::ModuleOp::create(module.getLoc());
    for (mlir::Operation &op : *module.getBody())
      if (llvm::isa<rt::KernelOp, rt::EntryOp>(op))
        made->push_back(op.clone());
    return made;
  }

  llvm::Expected<TargetCode> compile(mlir::ModuleOp generated, llvm::StringRef variant, const TargetFlags &flags,
                                     bool) const override {
    TargetCode code;
    code.bytes = flags.at("toy-greeting") + " " + variant.str() + "\n";
    for (auto entry : generated.getOps<rt::EntryOp>())
      code.bytes += entry.getSymName().str() + " of " + std::to_string(entry.getKernels().size()) + "\n";
    code.notes = "toy " + variant.str() + "\n";
    return code;
  }
};

} // namespace

const Target &ptx::toy::target() {
  static const ToyTarget row;
  return row;
}
