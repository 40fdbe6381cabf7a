// A scalar region on the lanes of elements: element-wise operations are generic in their
// type, constants are splat, functions are our own polynomials.
#include "passes/Target/Common/Emit.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ptx::target;

Element::Element(Emit &e, rt::KernelOp kernel, const Words &words) : kernel(kernel) {
  for (auto [i, kind] : llvm::enumerate(kernel.getExtras())) {
    std::string name = "extra_" + std::to_string(i);
    Matrix extra{words.pointer(e, name), {}};
    if (cast<rt::ExtraKindAttr>(kind).getValue() == rt::ExtraKind::Row)
      extra.pitch = words.integer(e, name + "_pitch");
    extras.push_back(extra);
  }
}

static Value emitOperation(Emit &e, Operation &op, IRMapping &map) {
  auto operand = [&](unsigned i) { return map.lookup(op.getOperand(i)); };
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    return e.splat(cast<TypedAttr>(constant.getValue()));
  }
  if (isa<math::ExpOp>(op))
    return emitExp(e, operand(0));
  if (isa<math::TanhOp>(op))
    return emitTanh(e, operand(0));
  if (isa<math::ErfOp>(op))
    return emitErf(e, operand(0));
  Operation *copy = e.clone(op, map);
  copy->getResult(0).setType(e.wide(op.getResult(0).getType()));
  return copy->getResult(0);
}

SmallVector<Value> Element::columns(Emit &e, Value n) const {
  return llvm::map_to_vector(extras,
                             [&](const Matrix &extra) { return extra.pitch ? Value() : e.load(e.at(extra.base, n)); });
}

Value Element::operator()(Emit &e, ValueRange values, ArrayRef<Value> columns, Value m, Value n) const {
  Block &block = kernel.getBody().front();
  IRMapping map;
  unsigned argument = 0;
  for (Value value : values)
    map.map(block.getArgument(argument++), value);
  for (auto [extra, column] : llvm::zip_equal(extras, columns))
    map.map(block.getArgument(argument++), column ? column : e.load(e.at(extra.row(e, m), n)));
  for (Operation &op : block.without_terminator())
    map.map(op.getResult(0), emitOperation(e, op, map));
  return map.lookup(block.getTerminator()->getOperand(0));
}
