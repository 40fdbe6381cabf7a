#include "frontends/common/SentenceGraph.h"

using namespace mlir;

namespace ptx::frontends {

static int64_t widthOf(Value x) { return cast<RankedTensorType>(x.getType()).getShape().back(); }

static Value pool(GraphBuilder &graph, const std::vector<Pooling> &poolings, Value x, Value mask) {
  OpBuilder &b = graph.builder();
  auto row = [&](int64_t width) { return RankedTensorType::get({ShapedType::kDynamic, width}, b.getF32Type()); };
  Location loc = graph.named("pooling");
  SmallVector<Value> parts;
  for (const Pooling &pooling : poolings)
    parts.push_back(pooling.kind ? xf::PoolOp::create(b, loc, row(widthOf(x)), *pooling.kind, x, mask).getResult()
                                 : xf::FirstTokenOp::create(b, loc, row(widthOf(x)), x, mask).getResult());
  if (parts.size() == 1)
    return parts.front();
  return xf::ConcatOp::create(b, loc, row(widthOf(x) * static_cast<int64_t>(parts.size())), parts);
}

static Value apply(GraphBuilder &graph, const SentenceStep &step, Value x) {
  OpBuilder &b = graph.builder();
  auto weight = [&](const std::string &stored, const std::vector<int64_t> &shape) {
    return graph.weightOf(*step.weights, step.name + "." + stored, stored, shape);
  };
  switch (step.kind) {
  case SentenceStep::Normalize:
    return xf::L2NormalizeOp::create(b, graph.named("normalize"), x.getType(), x);
  case SentenceStep::LayerNorm:
    return layerNorm(b, step.name, x, weight("norm.weight", {step.in}), weight("norm.bias", {step.in}), 1e-5);
  case SentenceStep::Dense:
    Value bias = step.bias ? weight("linear.bias", {step.out}) : Value();
    Value y = linear(b, step.name, x, weight("linear.weight", {step.out, step.in}), bias);
    return step.activation ? activation(b, *step.activation, y) : y;
  }
  llvm_unreachable("a module without a graph");
}

Value embedSentence(GraphBuilder &graph, const SentenceModules &modules, Value x, Value mask) {
  Value row = pool(graph, modules.pooling, x, mask);
  for (const SentenceStep &step : modules.steps) {
    if (step.kind != SentenceStep::Normalize && step.in != widthOf(row)) {
      graph.fail("module '" + step.name + "' takes " + std::to_string(step.in) + " columns, the one before it makes " +
                 std::to_string(widthOf(row)));
      return row;
    }
    row = apply(graph, step, row);
  }
  return row;
}

} // namespace ptx::frontends
