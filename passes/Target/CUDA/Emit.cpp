#include "passes/Target/CUDA/Emit.h"

using namespace mlir;
using namespace ptx::cuda;

// The file's name alone: nothing of the machine that compiles reaches the code.
void Emit::mark(std::source_location where) {
  StringRef file = StringRef(where.file_name()).rsplit('/').second;
  setLoc(FileLineColLoc::get(getContext(), file, where.line(), 1));
}

Value Emit::shuffleXor(Value value, int64_t distance) {
  return create<gpu::ShuffleOp>(value, static_cast<int32_t>(distance), static_cast<int32_t>(warpSize),
                                gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value Emit::tree(Value value, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = warpSize / 2; distance > 0; distance /= 2)
    value = combine(value, shuffleXor(value, distance));
  return value;
}

Value Emit::pack(Value low, Value high, Type element) {
  auto half = [&](Value x) -> Value {
    Value bits = create<arith::BitcastOp>(getI16Type(), truncate(x, element));
    return create<arith::ExtUIOp>(getI32Type(), bits);
  };
  Value shifted = create<arith::ShLIOp>(half(high), integer(16));
  return create<arith::OrIOp>(half(low), shifted);
}

std::pair<Value, Value> Emit::unpack(Value word, Type element) {
  auto half = [&](Value bits) {
    return extend(create<arith::BitcastOp>(element, create<arith::TruncIOp>(getI16Type(), bits)));
  };
  return {half(word), half(create<arith::ShRUIOp>(word, integer(16)))};
}

Value Emit::loadElement(const Matrix &rows, Value row, Value column) {
  Value address = rows.at(*this, row, column);
  return rows.narrow ? extend(create<LLVM::LoadOp>(rows.narrow, address, 2)) : loadScalar(address);
}

void Emit::storeElement(Value x, const Matrix &rows, Value row, Value column) {
  Value address = rows.at(*this, row, column);
  if (rows.narrow)
    create<LLVM::StoreOp>(truncate(x, rows.narrow), address, 2);
  else
    store(x, address);
}

Value Emit::loadWhere(Value condition, llvm::function_ref<Value()> load) {
  auto branch = [this](Value value) { create<scf::YieldOp>(ValueRange{value}); };
  Type type;
  auto loaded = create<scf::IfOp>(
      condition,
      [&](OpBuilder &, Location) {
        Value value = load();
        type = value.getType();
        branch(value);
      },
      [&](OpBuilder &, Location) { branch(create<arith::ConstantOp>(getZeroAttr(type))); });
  return loaded.getResult(0);
}
