// Faults to plant in the kernels that ship, by edits of the generated module,
// and the launches that meet them.
#ifndef PTX_TEST_PASSES_TARGET_CUDA_PLANTED_H
#define PTX_TEST_PASSES_TARGET_CUDA_PLANTED_H

#include "test/passes/Target/CUDA/GpuHarness.h"

#include "dialects/dev/IR/DevDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <functional>
#include <gtest/gtest.h>

namespace ptx::test::planted {

using namespace mlir;

template <typename Op> Op nth(ModuleOp module, size_t n) {
  SmallVector<Op> found;
  module.walk([&](Op op) { found.push_back(op); });
  EXPECT_LT(n, found.size());
  return found[n];
}

template <typename Op> std::function<void(ModuleOp)> without(size_t n) {
  return [n](ModuleOp module) { nth<Op>(module, n).erase(); };
}

/// The n-th store to memory of an address space.
LLVM::StoreOp storeTo(ModuleOp module, unsigned space, size_t n = 0);
/// The store goes so many floats, or bytes, further.
void shift(LLVM::StoreOp store, int32_t by, bool bytes = false);
/// Whether the thread's number is below `count`.
Value threadBelow(OpBuilder &b, Location loc, int64_t count);
/// The condition around the store becomes true.
void dropGuard(LLVM::StoreOp store);

struct Subject {
  std::string name, text;
  std::vector<std::string> files; // of its generator
  std::function<std::string(const GpuKernels &, uint64_t)> run;
};

/// Two problems of so many rows by 20 columns, one with a low-rank part.
Subject contraction(int64_t m, const std::vector<std::string> &files, DType element = DType::F32);
inline Subject manyNarrowRows() { return contraction(21, {"ContractMma.cpp", "ContractTile.cpp"}, DType::BF16); }
inline Subject manyRows() { return contraction(21, {"Contract.cpp", "ContractTile.cpp"}); }
inline Subject fewRows() { return contraction(5, {"ContractFewRows.cpp"}); }
Subject attention();
Subject rowNorm();

/// Under every order, the message begins with the kernel and a file of its
/// generator and names one of the classes; the twin without the edit has none.
void expectFault(const Subject &subject, const std::vector<std::string> &classes, Edit edit);

// Whether the reader or the writer comes first is the order's choice.
inline const std::vector<std::string> unordered = {", race: ", "uninitialised"};
inline const std::string inFlight = "a cp.async in flight";

} // namespace ptx::test::planted

#endif // PTX_TEST_PASSES_TARGET_CUDA_PLANTED_H
