#include "passes/Target/CPU/Level.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace ptx::cpu;

// prefer-256-bit is off: the kernels choose their own vector width.
#define AVX2_FEATURES "+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe"
#define AVX512_FEATURES AVX2_FEATURES ",+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd,-prefer-256-bit"
static constexpr LevelInfo table[] = {
    {Level::Avx2, "avx2", "x86-64-v3", AVX2_FEATURES, 16, 2, 6, false},
    {Level::Avx512, "avx512", "x86-64-v4", AVX512_FEATURES, 32, 1, 12, false},
    {Level::Avx512Bf16, "avx512_bf16", "x86-64-v4", AVX512_FEATURES ",+avx512bf16", 32, 1, 12, true},
};

llvm::ArrayRef<LevelInfo> ptx::cpu::allLevels() { return table; }

const LevelInfo &ptx::cpu::info(Level level) { return table[static_cast<int>(level)]; }

std::optional<Level> ptx::cpu::parseLevel(llvm::StringRef name) {
  for (const LevelInfo &entry : table)
    if (entry.name == name)
      return entry.level;
  return std::nullopt;
}

// LLVM's query asks cpuid and the register state the system enabled, never the
// processor's name: the same name appears with and without AVX-512.
bool ptx::cpu::hostRuns(Level level) {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  llvm::SmallVector<llvm::StringRef> wanted;
  info(level).features.split(wanted, ',');
  for (llvm::StringRef feature : wanted)
    if (feature.consume_front("+") && !host.lookup(feature))
      return false;
  return true;
}

// One row uses each B value once, so it stays in memory.
bool ptx::cpu::shapeFits(const LevelInfo &level, int64_t rows, int64_t panels) {
  int64_t vectors = rows * panels + (rows > 1 ? panels : 0);
  return rows <= level.maxRows && panels <= maxPanels && level.registersPer16 * vectors + 1 <= level.registers;
}
