// The phases of ptx: one table that stop, resume, dumps, ptx-opt and the
// manual read.
#ifndef PTX_PASSES_PIPELINES_PHASES_H
#define PTX_PASSES_PIPELINES_PHASES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace ptx {

struct PhaseOptions {
  /// Fold adapters into the weights; else keep their factors apart.
  bool fuse = true;
  /// What contractions multiply in: f32, f16 or bf16; empty: what they say.
  std::string dtype = {};
};

struct Phase {
  llvm::StringLiteral name;
  llvm::StringLiteral summary;
  /// Adds the passes that lead from the phase before to this one.
  void (*build)(mlir::OpPassManager &, const PhaseOptions &);
  /// Whether the next phase also starts from the one before this: without a
  /// schedule every layer runs alone, and other passes may make another.
  bool optional = false;
};

/// Adds a phase's passes between a check that the module is the result of the
/// phase before, as far as it says, and the note that it is now this one's.
void buildPhase(mlir::OpPassManager &pm, size_t index, const PhaseOptions &options);

/// The phase a module says it is the result of; empty where it says nothing.
llvm::StringRef recordedPhase(mlir::ModuleOp module);
void recordPhase(mlir::ModuleOp module, llvm::StringRef name);

/// In order. The IR after `plan` is the launch table with its kernels; `kernel`
/// and `emit` belong to the target.
llvm::ArrayRef<Phase> phases();

/// The index of a phase in phases(), or nothing.
std::optional<size_t> findPhase(llvm::StringRef name);

/// "import, adapt, ...", for messages and help.
std::string phaseNames();

/// Registers `ptx-<phase>` pipelines for ptx-opt.
void registerPhasePipelines();

} // namespace ptx

#endif // PTX_PASSES_PIPELINES_PHASES_H
