#include "passes/Target/Common/Emit.h"

using namespace mlir;
using namespace ptx::target;

Value Emit::splat(TypedAttr value) {
  if (laneCount() == 1)
    return create<arith::ConstantOp>(value);
  return create<arith::ConstantOp>(DenseElementsAttr::get(cast<VectorType>(wide(value.getType())), Attribute(value)));
}

Value Emit::integer(int64_t value) { return create<arith::ConstantOp>(getIntegerAttr(integerType(), value)); }

Value Emit::scalar(float value) { return create<arith::ConstantOp>(getF32FloatAttr(value)); }

Value Emit::widen(Value integer) {
  return integer.getType().isInteger(64) ? integer : Value(create<arith::ExtSIOp>(getI64Type(), integer));
}

Value Emit::narrow(Value word) {
  return word.getType() == integerType() ? word : Value(create<arith::TruncIOp>(integerType(), word));
}

Value Emit::at(Value base, Value index, Type element) {
  return create<LLVM::GEPOp>(base.getType(), element, base, ArrayRef<LLVM::GEPArg>{index});
}

Value Emit::at(Value base, int64_t floats) {
  return create<LLVM::GEPOp>(base.getType(), getF32Type(), base, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(floats)});
}

static Value wordAddress(Emit &e, Value args, int64_t index) {
  return e.create<LLVM::GEPOp>(args.getType(), e.getI64Type(), args,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
}

Value Emit::word(Value args, int64_t index) {
  return narrow(create<LLVM::LoadOp>(getI64Type(), wordAddress(*this, args, index), 8));
}

Value Emit::pointerWord(Value args, int64_t index) {
  return create<LLVM::LoadOp>(pointer(), wordAddress(*this, args, index), 8);
}

Value Emit::loadOrOne(Value base, Value index) {
  Value null = create<LLVM::ZeroOp>(base.getType());
  Value isThere = create<LLVM::ICmpOp>(LLVM::ICmpPredicate::ne, base, null);
  auto yield = [this](Value value) { create<scf::YieldOp>(ValueRange{value}); };
  auto chosen = create<scf::IfOp>(
      isThere, [&](OpBuilder &, Location) { yield(loadScalar(at(base, index))); },
      [&](OpBuilder &, Location) { yield(scalar(1.0f)); });
  return chosen.getResult(0);
}

Value Emit::loadInt(Value base, Value index) {
  Value loaded = create<LLVM::LoadOp>(getI32Type(), at(base, index, getI32Type()), 4);
  return loaded.getType() == integerType() ? loaded : Value(create<arith::ExtSIOp>(integerType(), loaded));
}

int64_t Words::index(llvm::StringRef name) const {
  for (size_t i = 0; i < signature.size(); ++i)
    if (signature[i].name == name)
      return static_cast<int64_t>(i);
  llvm::report_fatal_error("no word is called '" + name + "'");
}

Matrix Words::matrix(Emit &e, llvm::StringRef name) const {
  DType element = signature[static_cast<size_t>(index(name))].element;
  Type narrow = element == DType::BF16 ? Type(e.getBF16Type()) : element == DType::F16 ? Type(e.getF16Type()) : Type();
  return {pointer(e, name), integer(e, (name + "_pitch").str()), narrow};
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

void Emit::either(Value condition, llvm::function_ref<void()> yes, llvm::function_ref<void()> no) {
  auto branch = [this](llvm::function_ref<void()> body) {
    return [this, body](OpBuilder &, Location) {
      body();
      create<scf::YieldOp>();
    };
  };
  create<scf::IfOp>(condition, branch(yes), branch(no));
}

void Emit::when(Value condition, llvm::function_ref<void()> body) {
  create<scf::IfOp>(condition, [&](OpBuilder &, Location) {
    body();
    create<scf::YieldOp>();
  });
}
