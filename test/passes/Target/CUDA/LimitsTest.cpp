// What NVIDIA's assembler says of the kernels, against stored limits: a kernel
// that grows past them loses blocks per multiprocessor, one that spills worse.
#include "passes/Target/CUDA/Codegen.h"
#include "test/passes/Target/CUDA/Assembled.h"
#include "test/passes/Target/KernelTexts.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace ptx;
using namespace ptx::test;

namespace {

/// Registers per variant of assembledVariants. Kernels have 128 threads: up to 128 registers
/// leave four blocks per multiprocessor, up to 168 three.
struct Limit {
  const char *entry;
  int shared; // bytes
  int registers[4];
};
constexpr Limit limits[] = {
    {"contract_gelu", 17408, {168, 145, 146, 146}},
    {"contract_residual", 17408, {168, 145, 146, 146}},
    {"contract_bf16", 20480, {128, 128, 131, 131}},
    {"contract_f16_rows", 20480, {134, 134, 131, 131}},
    {"attention_64_bf16", 10880, {128, 128, 133, 133}},
    {"attention_64_rows", 10880, {128, 149, 151, 151}},
    {"attention_32", 14464, {113, 96, 89, 89}},
    {"attention_16", 14464, {157, 155, 157, 157}},
    {"attention_16_causal", 14464, {166, 166, 166, 166}},
    {"attention_32_causal", 14464, {143, 144, 144, 144}},
    {"attention_48_causal", 14464, {168, 168, 168, 168}},
    {"attention_64_causal", 14464, {128, 96, 96, 96}},
    {"attention_160", 14464, {168, 168, 168, 168}},
    {"attention_64_chunks", 14464, {168, 168, 168, 168}},
    {"attention_64_rows_chunks", 10880, {160, 160, 160, 160}},
    {"norm_layer", 0, {31, 32, 31, 31}},
    {"norm_l2", 0, {22, 22, 22, 22}},
    {"map_tanh", 0, {21, 21, 21, 21}},
    {"gather_3", 0, {32, 34, 32, 32}},
    {"append", 0, {32, 32, 32, 32}},
    {"greatest", 32, {32, 32, 32, 32}},
    {"pool", 0, {32, 40, 32, 32}},
    {"fold_scaled", 0, {40, 48, 40, 40}},
    {"foldf16_to_bf16", 0, {40, 48, 40, 40}},
    {"fold_norm_table", 0, {40, 48, 40, 40}},
    {"both_16", 14464, {166, 166, 166, 166}},
    {"both_32", 14464, {128, 90, 104, 104}},
    {"several", 17408, {157, 128, 141, 141}},
};

std::string kernels() {
  std::string text =
      contractKernel("contract_gelu", "gelu") + contractKernel("contract_residual", "residual") +
      contractKernel("contract_bf16", "residual", "bf16") + contractKernel("contract_f16_rows", "gelu", "f16", "x y") +
      attentionKernel("attention_64_bf16", {64, false}, "bf16") +
      attentionKernel("attention_64_rows", {64, true}, "bf16", "q k v y") +
      attentionKernel("attention_32", {32, false}) + attentionKernel("attention_32_causal", {32, true}) +
      attentionKernel("attention_48_causal", {48, true}) + attentionKernel("attention_16", {16, false}) +
      attentionKernel("attention_16_causal", {16, true}) + attentionKernel("attention_64_causal", {64, true}) +
      attentionKernel("attention_160", {160, false}) + attentionKernel("attention_64_chunks", {64, true, 256}) +
      attentionKernel("attention_64_rows_chunks", {64, true, 256}, "bf16", "q k v y") +
      normKernel("norm_layer", 0, 1e-5, "residual") + normKernel("norm_l2", 2, 1e-12) + mapKernel("map_tanh", "tanh") +
      gatherKernel("gather_3", 3) + appendKernel("append") + greatestKernel("greatest") + poolKernel("pool", 2) +
      FoldForm{.isScaled = true}.kernel() + FoldForm{.base = DType::F16, .made = DType::BF16}.kernel() +
      FoldForm{.isTable = true, .isNorm = true}.kernel() +
      entryOf("entry_several", {"attention_64_causal", "contract_gelu", "contract_residual"}) +
      entryOf("entry_both_16", {"attention_16", "attention_16_causal"}) +
      entryOf("entry_both_32", {"attention_32", "attention_32_causal"});
  for (const Limit &limit : limits)
    if (text.find("@entry_" + std::string(limit.entry) + " ") == std::string::npos)
      text += entryOf("entry_" + std::string(limit.entry), {limit.entry});
  return text;
}

class Limits : public testing::TestWithParam<size_t> {};

// Registers and shared memory as stored, and nothing spilled.
TEST_P(Limits, AreKept) {
  if (auto ptxas = cuda::findPtxas(""); !ptxas)
    GTEST_SKIP() << llvm::toString(ptxas.takeError());
  mlir::DialectRegistry registry;
  cuda::registerKernelDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(kernels(), &context);
  auto used = assembled(*module, assembledVariants[GetParam()]);
  ASSERT_TRUE(bool(used)) << llvm::toString(used.takeError());
  EXPECT_EQ(used->size(), std::size(limits));
  for (const Limit &limit : limits) {
    const Used &found = (*used)["entry_" + std::string(limit.entry)];
    EXPECT_EQ(found.spilled, 0) << limit.entry;
    EXPECT_EQ(found.shared, limit.shared) << limit.entry;
    EXPECT_GT(found.registers, 0) << limit.entry;
    EXPECT_LE(found.registers, limit.registers[GetParam()]) << limit.entry;
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, Limits, testing::Range<size_t>(0, assembledVariants.size()),
                         [](const auto &info) { return assembledVariants[info.param]; });
} // namespace
