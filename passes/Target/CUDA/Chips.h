// The chips code is generated for, and what PTX they need.
#ifndef PTX_PASSES_TARGET_CUDA_CHIPS_H
#define PTX_PASSES_TARGET_CUDA_CHIPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace ptx::cuda {

struct Chip {
  llvm::StringLiteral name;    // as ptxas and LLVM call it
  llvm::StringLiteral generic; // the same without architecture-specific features
  llvm::StringLiteral ptx;     // LLVM's feature for the oldest PTX that knows it
};

/// From old to new.
llvm::ArrayRef<Chip> chips();
const Chip *findChip(llvm::StringRef name);
std::string chipNames();

} // namespace ptx::cuda

#endif // PTX_PASSES_TARGET_CUDA_CHIPS_H
