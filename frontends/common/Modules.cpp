// The modules of a model that is IR from the start: found by what reads its weights.
#include "frontends/common/Family.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace ptx::frontends {

/// What reads a weight, in its function and in the bodies that calls hand it to.
static void collectReads(xf::UseOp weight, const SymbolTable &symbols, SmallVectorImpl<OpOperand *> &reads) {
  for (OpOperand &use : weight.getResult().getUses()) {
    auto call = dyn_cast<func::CallOp>(use.getOwner());
    auto body = call ? symbols.lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
    if (!body || body.isDeclaration()) {
      reads.push_back(&use);
      continue;
    }
    for (OpOperand &inside : body.getArgument(use.getOperandNumber()).getUses())
      reads.push_back(&inside);
  }
}

/// The module that a reader makes of a weight of this shape, without its path.
static std::optional<peft::BaseModule> moduleOf(OpOperand &read, ArrayRef<int64_t> shape) {
  using peft::BaseModule;
  if (shape.size() != 2)
    return std::nullopt;
  uint64_t rows = shape[0], columns = shape[1];
  if (isa<xf::EmbeddingOp>(read.getOwner()))
    return BaseModule{"", BaseModule::Embedding, rows, columns, /*hasBias=*/false};
  auto linear = dyn_cast<xf::LinearOp>(read.getOwner());
  if (!linear || linear.getRows() || read.getOperandNumber() != linear.getWeightMutable().getOperandNumber())
    return std::nullopt;
  bool hasBias = linear.getBias() != nullptr;
  return linear.getInOut() ? BaseModule{"", BaseModule::Conv1D, rows, columns, hasBias}
                           : BaseModule{"", BaseModule::Linear, columns, rows, hasBias};
}

std::vector<peft::BaseModule> modulesOf(ModuleOp module) {
  SymbolTable symbols(module);
  struct Weight {
    ArrayRef<int64_t> shape;
    SmallVector<OpOperand *> reads;
  };
  llvm::MapVector<StringAttr, Weight> weights;
  module.walk([&](xf::UseOp use) {
    Weight &weight = weights[use.getWeightAttr().getAttr()];
    weight.shape = use.getType().getShape();
    collectReads(use, symbols, weight.reads);
  });
  std::vector<peft::BaseModule> modules;
  for (auto &[name, weight] : weights) {
    StringRef path = name.getValue();
    if (!path.consume_back(".weight") || weight.reads.empty())
      continue;
    std::optional<peft::BaseModule> found = moduleOf(*weight.reads.front(), weight.shape);
    bool areAlike = found && llvm::all_of(weight.reads, [&](OpOperand *read) {
                      std::optional<peft::BaseModule> other = moduleOf(*read, weight.shape);
                      return other && other->kind == found->kind && other->hasBias == found->hasBias;
                    });
    if (!areAlike)
      continue;
    found->path = path.str();
    modules.push_back(std::move(*found));
  }
  return modules;
}

} // namespace ptx::frontends
