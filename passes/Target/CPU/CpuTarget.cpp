#include "passes/Target/CPU/CpuTarget.h"

#include "passes/Target/CPU/Codegen.h"
#include "passes/Target/CPU/Emit.h"
#include "passes/Target/CPU/KernelModule.h"
#include "passes/Target/Common/Link.h"

using namespace ptx;
using namespace ptx::cpu;

static std::string levelNames() {
  return llvm::join(llvm::map_range(allLevels(), [](const LevelInfo &level) { return level.name; }), ", ");
}

namespace {
class CpuTarget : public Target {
public:
  llvm::StringRef name() const override { return "cpu"; }
  llvm::StringRef help() const override { return "cpu: x86-64 with AVX2 and FMA, or AVX-512"; }

  llvm::ArrayRef<TargetFlag> flags() const override {
    static constexpr TargetFlag table[] = {
        {"cpu", "CPU levels to build: all, host, avx2, avx512 or avx512_bf16", "all"}};
    return table;
  }

  llvm::Expected<std::vector<std::string>> variants(llvm::StringRef text, const TargetFlags &flags) const override {
    if (!text.empty())
      return llvm::createStringError("target 'cpu' takes its levels from --cpu, found 'cpu:" + text + "'");
    llvm::StringRef wanted = flags.at("cpu");
    std::vector<std::string> names;
    for (const LevelInfo &level : allLevels()) {
      if (wanted == "host") {
        // The last one that runs is the best; the one for bf16 alone does not serve every program.
        if (hostRuns(level.level)) {
          if (!level.multipliesBf16)
            names.clear();
          names.push_back(level.name.str());
        }
      } else if (wanted == "all" || wanted == level.name) {
        names.push_back(level.name.str());
      }
    }
    if (names.empty())
      return llvm::createStringError("--cpu='" + wanted + "': expected all, host, or a level: " + levelNames());
    return names;
  }

  // Rows start on cache lines, an odd number of lines apart.
  std::optional<Geometry> geometry() const override {
    return Geometry{MatrixLayout::Panels, lanes, /*oddPitch=*/true, attentionBlockRows};
  }

  // row_grain, column_grain: the smallest sensible piece of a problem;
  // row_multiple: of which pieces begin at multiples, where rows share words;
  // column_lanes: columns that the kernel counts as one; prepares_rows: whether
  // a piece begins with work on its rows, which wide pieces pay for once.
  Metadata describe(rt::KernelOp kernel, const TargetFlags &) const override {
    ScratchBytes scratch = scratchBytes(kernel);
    switch (kernel.getSkeleton()) {
    case xf::Skeleton::Fold:
      return {{"row_grain", maxRowsAnyLevel}, {"row_multiple", 2}, {"column_grain", 1}, {"column_lanes", lanes}};
    case xf::Skeleton::FoldNorm:
      return {{"row_grain", 1}, {"column_grain", 1}, {"column_lanes", lanes}};
    case xf::Skeleton::Contract:
      return {{"row_grain", maxRowsAnyLevel},
              {"column_grain", 2},
              {"column_lanes", lanes},
              {"scratch_base", scratch.base},
              {"prepares_rows", kernel.getProductType().has_value()}};
    case xf::Skeleton::Attention:
    case xf::Skeleton::AttentionChunk:
    case xf::Skeleton::AttentionJoin:
      return {
          {"row_grain", 1}, {"column_grain", 1}, {"scratch_base", scratch.base}, {"scratch_per_key", scratch.perKey}};
    case xf::Skeleton::Pool:
    case xf::Skeleton::Greatest:
      return {{"row_grain", 1}};
    case xf::Skeleton::RowNorm:
    case xf::Skeleton::Gather:
    case xf::Skeleton::Append:
    case xf::Skeleton::Map:
      break;
    }
    return {{"row_grain", 8}};
  }

  bool multipliesIn(mlir::Type) const override { return true; }

  // A level that differs from the one before it in what it does with bf16 alone.
  bool serves(mlir::ModuleOp module, llvm::StringRef variant) const override {
    auto isBf16 = [](rt::KernelOp kernel) { return kernel.getProductType() && kernel.getProductType()->isBF16(); };
    return !info(*parseLevel(variant)).multipliesBf16 || llvm::any_of(module.getOps<rt::KernelOp>(), isBf16);
  }

  void registerDialects(mlir::DialectRegistry &registry) const override { registerKernelDialects(registry); }

  mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::ModuleOp module, llvm::StringRef variant) const override {
    return generateKernels(module, *parseLevel(variant));
  }

  llvm::Expected<TargetCode> compile(mlir::ModuleOp generated, llvm::StringRef variant, const TargetFlags &,
                                     bool) const override {
    if (failed(lowerToLLVM(generated)))
      return llvm::createStringError("the kernels could not be lowered to the LLVM dialect");
    auto object = compileToObject(generated, *parseLevel(variant));
    if (!object)
      return object.takeError();
    auto shared = target::linkShared(*object);
    if (!shared)
      return shared.takeError();
    return TargetCode{std::string(shared->begin(), shared->end()), "", {}};
  }
};
} // namespace

const Target &ptx::cpu::target() {
  static const CpuTarget row;
  return row;
}
