#include "passes/Target/CPU/Emit.h"

using namespace mlir;
using namespace ptx::cpu;

Value Emit::tree(Value value, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t distance : {8, 4, 2, 1}) {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < lanes; ++lane)
      mask.push_back(lane ^ distance);
    value = combine(value, create<mlir::vector::ShuffleOp>(value, value, mask));
  }
  return value;
}

Value Emit::sumTree(Value value) {
  return tree(value, [&](Value a, Value b) { return addf(a, b); });
}

Value Emit::laneNumbers() {
  SmallVector<int32_t> numbers;
  for (int32_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(lane);
  auto type = VectorType::get({lanes}, getI32Type());
  return create<arith::ConstantOp>(DenseIntElementsAttr::get(type, numbers));
}

static Value compareLanes(Emit &e, Emit::Predicate predicate, Value bound) {
  Value narrow = e.create<arith::TruncIOp>(e.getI32Type(), bound);
  return e.compare(predicate, e.laneNumbers(), e.broadcast(narrow));
}

Value Emit::firstLanes(Value count) { return compareLanes(*this, Predicate::slt, minimum(count, integer(lanes))); }

Value Emit::lanesFrom(Value begin) { return compareLanes(*this, Predicate::sge, begin); }

void Emit::store(Value value, Value address, Value count) {
  Value whole = compare(Predicate::sge, count, integer(lanes));
  either(
      whole, [&] { store(value, address); },
      [&] { create<LLVM::MaskedStoreOp>(value, address, firstLanes(count), getI32IntegerAttr(4)); });
}
