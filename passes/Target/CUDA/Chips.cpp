#include "passes/Target/CUDA/Chips.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace ptx::cuda;

// PTX ISA "Release Notes": the version that introduced each target. Asynchronous
// copies need sm_80, so nothing older is here.
static constexpr Chip table[] = {
    {"sm_80", "sm_80", "+ptx70"},    {"sm_86", "sm_86", "+ptx71"},    {"sm_87", "sm_87", "+ptx74"},
    {"sm_89", "sm_89", "+ptx78"},    {"sm_90", "sm_90", "+ptx78"},    {"sm_90a", "sm_90", "+ptx80"},
    {"sm_100", "sm_100", "+ptx86"},  {"sm_100a", "sm_100", "+ptx86"}, {"sm_103", "sm_103", "+ptx88"},
    {"sm_103a", "sm_103", "+ptx88"}, {"sm_120", "sm_120", "+ptx87"},  {"sm_120a", "sm_120", "+ptx87"},
    {"sm_121", "sm_121", "+ptx88"},  {"sm_121a", "sm_121", "+ptx88"},
};

llvm::ArrayRef<Chip> ptx::cuda::chips() { return table; }

const Chip *ptx::cuda::findChip(llvm::StringRef name) {
  for (const Chip &chip : table)
    if (chip.name == name)
      return &chip;
  return nullptr;
}

std::string ptx::cuda::chipNames() {
  return llvm::join(llvm::map_range(table, [](const Chip &chip) { return llvm::StringRef(chip.name); }), ", ");
}
