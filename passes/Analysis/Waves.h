// Which ops are launched, which of them can share a launch, and what a wave
// costs. The schedule phase decides with it, the merge phase groups with it,
// and the table of `--explain` prints it: the three cannot disagree.
#ifndef PTX_PASSES_ANALYSIS_WAVES_H
#define PTX_PASSES_ANALYSIS_WAVES_H

#include "dialects/stage/IR/StageDialect.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace ptx {

/// The skeleton that runs an op of xf or stage, if any does.
std::optional<xf::Skeleton> skeletonOf(mlir::Operation *op);

/// Ops of one skeleton, none of which needs a result of another.
struct LaunchGroup {
  xf::Skeleton skeleton;
  llvm::SmallVector<mlir::Operation *> members;
};

/// Ops in an order that respects their dependences.
using Branch = llvm::SmallVector<mlir::Operation *>;

/// List scheduling: each op joins the first launch of its skeleton after
/// everything it reads in its branch. Branches do not depend on each other.
/// Short branches fit into the launches of long ones, so the longest goes first.
llvm::SmallVector<LaunchGroup> groupLaunches(llvm::ArrayRef<Branch> branches);

/// The ops of a block, without its terminator.
Branch branchOf(mlir::Block &block);

/// When the values of a block are there: the number of the last wave of calls
/// that they depend on, 0 where that is none.
class WaveNumbers {
public:
  /// The wave of a call is one more than the latest wave it reads from; what is
  /// no call belongs behind the latest wave it reads from.
  int64_t assign(mlir::Operation *op);
  int64_t of(mlir::Value value) const { return waves.lookup(value.getDefiningOp()); }

private:
  llvm::DenseMap<mlir::Operation *, int64_t> waves;
};

/// Floating-point operations of contractions and attention: for each row, and
/// for each pair of a row and a key it attends to. Ranks that only a call knows
/// count as 0, and so does everything element-wise.
struct Flops {
  int64_t perRow = 0, perRowAndKey = 0;
  Flops &operator+=(const Flops &other);
  bool operator<(const Flops &other) const;
};

/// A wave, or the stages that stand between two waves.
struct WaveCost {
  bool wave;
  llvm::SmallVector<std::string> layers; // of a wave: "enc_layers.0 @encoder_layer"
  size_t launchesAlone = 0;              // layer by layer
  size_t launchesTogether = 0;
  Flops sum, longest; // of all branches, of the branch with most
};

/// The costs of a function whose calls are in waves, in order of execution. A
/// call outside of waves counts as one of its own.
llvm::SmallVector<WaveCost> analyzeWaves(mlir::ModuleOp module, xf::FunctionOp function);

} // namespace ptx

#endif // PTX_PASSES_ANALYSIS_WAVES_H
