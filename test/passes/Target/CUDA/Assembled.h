// What NVIDIA's assembler says of kernels: the tests of stored limits.
#ifndef PTX_TEST_PASSES_TARGET_CUDA_ASSEMBLED_H
#define PTX_TEST_PASSES_TARGET_CUDA_ASSEMBLED_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace ptx::test {

/// The chips whose limits are stored, and the PTX for later ones.
extern const std::vector<std::string> assembledVariants;

struct Used {
  int registers = -1, spilled = -1, shared = -1; // a number, bytes, bytes
};

/// By entry. PTX is assembled as a driver would, for its own chip.
llvm::Expected<std::map<std::string, Used>> assembled(mlir::ModuleOp kernels, const std::string &variant);

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_CUDA_ASSEMBLED_H
