// What kernels of every type and level must hold.
#ifndef PTX_TEST_PASSES_TARGET_CPU_KERNELCHECKS_H
#define PTX_TEST_PASSES_TARGET_CPU_KERNELCHECKS_H

#include "test/passes/Target/CPU/KernelHarness.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ptx::test {

using FindKernel = llvm::function_ref<KernelFunction(const std::string &name)>;

inline constexpr AttentionForm attentionForms[] = {
    {4, false}, {12, false}, {16, false}, {36, false},     {64, false},     {4, true},      {12, true},
    {16, true}, {36, true},  {64, true},  {12, false, 64}, {64, false, 64}, {16, true, 64}, {64, true, 64}};

/// Nothing is written outside of rows x width.
void expectGuarded(const Floats &y, int64_t rows, int64_t width, int64_t pitch);

/// A tile of a contraction is pure: any cut into rows and columns gives the
/// same bytes. Ranks are 0, 1 and 2 times `rankStep`.
void expectContractCuts(KernelFunction kernel, DType element, int repeats, int64_t rankStep);

/// A row's result depends neither on the cut into blocks nor on its neighbours.
void expectAttentionCuts(FindKernel find);

/// An infinite value of a later key does not reach earlier rows of a causal
/// block, of heads of 16.
void expectOwnKeys(FindKernel find);

/// Bytes of scratch up to the last that a run has written.
int64_t scratchUsed(llvm::function_ref<void()> run);
/// What the planner reserves for the attentions of a text is what they use.
void expectAttentionScratch(const std::string &text, FindKernel find);

} // namespace ptx::test

#endif // PTX_TEST_PASSES_TARGET_CPU_KERNELCHECKS_H
