#include "frontends/common/Family.h"

using namespace mlir;

namespace ptx::frontends {

std::string siteOf(const peft::Delta &delta) {
  bool fused = delta.target == peft::Target::MhaInProj;
  return delta.module + (fused ? ".in_proj_weight" : ".weight");
}

static StoredTensor stored(const peft::TensorRef &tensor) {
  return {tensor.file, tensor.name, tensor.dtype, tensor.shape, tensor.offset, tensor.bytes};
}

peft::Base adapterBase(const ImportedModel &model, const ParameterTable &table) {
  peft::Base base = {model.adaptable, {}, model.stems};
  for (const auto &[name, tensor] : table.weights)
    base.weights.push_back(
        {name, tensor.shape, {tensor.file, tensor.dtype, tensor.offset, tensor.bytes / (dtypeBits(tensor.dtype) / 8)}});
  return base;
}

void declareAdapter(ModuleOp module, ParameterTable &table, const peft::Adapter &adapter) {
  OpBuilder builder(module.getContext());
  // Behind the weights and the adapters before it, in front of the functions.
  builder.setInsertionPointToStart(module.getBody());
  for (Operation &op : *module.getBody())
    if (isa<xf::WeightOp, xf::AdapterOp>(op))
      builder.setInsertionPointAfter(&op);
  Location loc = NameLoc::get(builder.getStringAttr(adapter.name));
  auto op = xf::AdapterOp::create(builder, loc, adapter.name);
  builder.createBlock(&op.getBody());
  for (const peft::Delta &delta : adapter.deltas) {
    std::string site = siteOf(delta);
    // A Conv1D is stored [IN,OUT], as an embedding's table is.
    bool transposed = delta.target == peft::Target::Embedding || delta.target == peft::Target::Conv1D;
    auto form = transposed ? xf::Form::Embedding : xf::Form::Linear;
    auto flag = [&](bool set) { return set ? builder.getUnitAttr() : UnitAttr(); };
    xf::DeltaOp::create(
        builder, loc, FlatSymbolRefAttr::get(builder.getContext(), site), xf::FormAttr::get(builder.getContext(), form),
        builder.getI64IntegerAttr(static_cast<int64_t>(delta.rank)), builder.getF64FloatAttr(delta.scale),
        flag(delta.magnitude.has_value()), flag(delta.bias.has_value()), flag(delta.outputScale.has_value()),
        flag(delta.inputScale.has_value()));
    StoredDelta &factors = table.adapters[adapter.name][site];
    if (delta.rank) {
      factors.a = stored(delta.a);
      factors.b = stored(delta.b);
    }
    for (auto [from, to] :
         {std::pair(&delta.magnitude, &factors.magnitude), std::pair(&delta.bias, &factors.bias),
          std::pair(&delta.outputScale, &factors.outputScale), std::pair(&delta.inputScale, &factors.inputScale)})
      if (*from)
        *to = stored(**from);
  }
  for (const peft::Replacement &replacement : adapter.replacements) {
    xf::ReplacementOp::create(builder, loc, FlatSymbolRefAttr::get(builder.getContext(), replacement.weight));
    table.adapters[adapter.name][replacement.weight].replacement = stored(replacement.tensor);
  }
}

} // namespace ptx::frontends
