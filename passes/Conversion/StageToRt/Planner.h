// The parts of the plan phase: kernels by what they compute, arena slots by
// when buffers live.
#ifndef PTX_PASSES_CONVERSION_STAGETORT_PLANNER_H
#define PTX_PASSES_CONVERSION_STAGETORT_PLANNER_H

#include "dialects/rt/IR/RtDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <set>
#include <string>
#include <vector>

namespace ptx::rt {

/// What the plan says of a kernel beside its stage.
struct KernelForm {
  int64_t chunk = 0;                    // keys that an attention takes at a time, 0: all
  std::optional<xf::Skeleton> skeleton; // in place of the stage's: a part of it
};

/// Makes one rt.kernel for all stages that compute the same element the same way.
class KernelTable {
public:
  explicit KernelTable(mlir::ModuleOp module) : module(module) {}

  KernelOp getOrCreate(stage::SkeletonOpInterface stage, const KernelForm &form = {});
  /// Remembers the set of kernels that a launch runs.
  void addEntry(LaunchOp launch);
  /// One rt.entry for every set remembered.
  void emitEntries();

private:
  mlir::ModuleOp module;
  llvm::StringMap<KernelOp> kernels;
  std::set<std::vector<std::string>> entries;
};

/// Adds rt.deploy, where some parameter is computed; an error where one is of no adapter.
llvm::LogicalResult planDeploy(mlir::ModuleOp module, KernelTable &kernels);

/// A buffer's needs while slots are assigned.
struct BufferLife {
  mlir::TypedValue<SpaceType> space;
  Per per;
  int64_t width;
  mlir::Type element;
  int64_t firstLaunch;                // that writes it
  int64_t lastLaunch;                 // that reads it; outputs live to the end
  mlir::FlatSymbolRefAttr cache = {}; // whose rows it is: it takes no slot
  int64_t slot = -1;
  mlir::TypedValue<BufferType> buffer = {}; // once it is there

  int64_t rowWords() const {
    return static_cast<int64_t>(words::rowWords(static_cast<uint64_t>(width), dtypeOf(element)));
  }
  /// As rt.buffer states it.
  mlir::TypeAttr elementAttr() const { return element.isF32() ? mlir::TypeAttr() : mlir::TypeAttr::get(element); }
};

/// Gives each buffer a slot no other living buffer has; returns the number of
/// slots. Buffers are in order of their first launch. Sizes are known only per
/// call, so a slot is first offered to buffers of the same shape.
int64_t assignSlots(std::vector<BufferLife> &buffers);

} // namespace ptx::rt

#endif // PTX_PASSES_CONVERSION_STAGETORT_PLANNER_H
