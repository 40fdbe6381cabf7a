// The instruction-set levels kernels are built for. Everything that differs
// between levels stands in this table or follows from it; results in f32 do not.
#ifndef PTX_PASSES_TARGET_CPU_LEVEL_H
#define PTX_PASSES_TARGET_CPU_LEVEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace ptx::cpu {

enum class Level { Avx2, Avx512, Avx512Bf16 };

struct LevelInfo {
  Level level;
  llvm::StringRef name;
  llvm::StringRef processor;
  llvm::StringRef features;
  int64_t registers;      // vector registers
  int64_t registersPer16; // registers that hold 16 f32
  int64_t maxRows;        // rows of the tallest micro-kernel
  bool multipliesBf16;    // has dot products of pairs of bf16
};

llvm::ArrayRef<LevelInfo> allLevels();
const LevelInfo &info(Level level);
std::optional<Level> parseLevel(llvm::StringRef name);
/// Whether this processor and its system run the level.
bool hostRuns(Level level);

/// Whether a micro-kernel of `rows` x `panels` keeps its accumulators, the B
/// vectors of one step and one A value in registers.
bool shapeFits(const LevelInfo &level, int64_t rows, int64_t panels);
/// Panels a micro-kernel walks at once: powers of two up to this.
inline constexpr int64_t maxPanels = 4;
/// Rows of the tallest micro-kernel on any level: what scratch is sized for.
inline constexpr int64_t maxRowsAnyLevel = 12;

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_LEVEL_H
