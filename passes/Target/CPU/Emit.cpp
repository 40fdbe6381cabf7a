#include "passes/Target/CPU/Emit.h"

using namespace mlir;
using namespace ptx::cpu;

Value Emit::integer(int64_t value) { return create<arith::ConstantOp>(getI64IntegerAttr(value)); }

Value Emit::scalar(float value) { return create<arith::ConstantOp>(getF32FloatAttr(value)); }

Value Emit::constant(float value) {
  return create<arith::ConstantOp>(DenseElementsAttr::get(vector(), getF32FloatAttr(value)));
}

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

static Value compareLanes(Emit &e, Emit::Predicate predicate, Value bound) {
  SmallVector<int32_t> iota;
  for (int32_t lane = 0; lane < lanes; ++lane)
    iota.push_back(lane);
  auto type = e.vector(e.getI32Type());
  Value lane = e.create<arith::ConstantOp>(DenseIntElementsAttr::get(type, iota));
  Value narrow = e.create<arith::TruncIOp>(e.getI32Type(), bound);
  return e.create<arith::CmpIOp>(predicate, lane, e.create<mlir::vector::BroadcastOp>(type, narrow));
}

Value Emit::firstLanes(Value count) { return compareLanes(*this, Predicate::slt, minimum(count, integer(lanes))); }

Value Emit::lanesFrom(Value begin) { return compareLanes(*this, Predicate::sge, begin); }

Value Emit::at(Value base, Value index, Type element) {
  return create<LLVM::GEPOp>(pointer(), element, base, ArrayRef<LLVM::GEPArg>{index});
}

Value Emit::at(Value base, int64_t floats) {
  return create<LLVM::GEPOp>(pointer(), getF32Type(), base, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(floats)});
}

static Value wordAddress(Emit &e, Value args, int64_t index) {
  return e.create<LLVM::GEPOp>(e.pointer(), e.getI64Type(), args, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
}

Value Emit::word(Value args, int64_t index) {
  return create<LLVM::LoadOp>(getI64Type(), wordAddress(*this, args, index), 8);
}

Value Emit::pointerWord(Value args, int64_t index) {
  return create<LLVM::LoadOp>(pointer(), wordAddress(*this, args, index), 8);
}

int64_t Words::index(llvm::StringRef name) const {
  for (size_t i = 0; i < signature.size(); ++i)
    if (signature[i].name == name)
      return static_cast<int64_t>(i);
  llvm::report_fatal_error("no word is called '" + name + "'");
}

Value Emit::load(Value address) { return create<LLVM::LoadOp>(vector(), address, 4); }

Value Emit::loadScalar(Value address) { return create<LLVM::LoadOp>(getF32Type(), address, 4); }

Value Emit::loadInt(Value base, Value index) {
  Value narrow = create<LLVM::LoadOp>(getI32Type(), at(base, index, getI32Type()), 4);
  return create<arith::ExtSIOp>(getI64Type(), narrow);
}

void Emit::store(Value value, Value address) { create<LLVM::StoreOp>(value, address, 4); }

void Emit::store(Value value, Value address, Value count) {
  Value whole = compare(Predicate::sge, count, integer(lanes));
  create<scf::IfOp>(
      whole,
      [&](OpBuilder &, Location) {
        store(value, address);
        create<scf::YieldOp>();
      },
      [&](OpBuilder &, Location) {
        create<LLVM::MaskedStoreOp>(value, address, firstLanes(count), getI32IntegerAttr(4));
        create<scf::YieldOp>();
      });
}

void Emit::loop(Value low, Value high, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(low, high, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value> Emit::loop(Value low, Value high, int64_t step, ValueRange inits,
                              llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = create<scf::ForOp>(low, high, integer(step), inits);
  OpBuilder::InsertionGuard guard(*this);
  if (inits.empty()) {
    setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar(), {});
    return {};
  }
  setInsertionPointToStart(loop.getBody());
  create<scf::YieldOp>(body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return llvm::to_vector(ValueRange(loop.getResults()));
}

void Emit::stride(Value low, Value high, llvm::function_ref<Value(Value)> step,
                  llvm::function_ref<void(Value, Value)> body) {
  create<scf::WhileOp>(
      TypeRange{low.getType()}, ValueRange{low},
      [&](OpBuilder &, Location, ValueRange args) {
        create<scf::ConditionOp>(compare(Predicate::slt, args[0], high), args);
      },
      [&](OpBuilder &, Location, ValueRange args) {
        Value width = step(args[0]);
        body(args[0], width);
        create<scf::YieldOp>(ValueRange{add(args[0], width)});
      });
}

void Emit::when(Value condition, llvm::function_ref<void()> body) {
  create<scf::IfOp>(condition, [&](OpBuilder &, Location) {
    body();
    create<scf::YieldOp>();
  });
}
