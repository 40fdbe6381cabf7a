// What every target's generators build with: integers, floats and memory, on
// elements of a lane width. A target derives its own builder for what only it
// has.
#ifndef PTX_PASSES_TARGET_COMMON_EMIT_H
#define PTX_PASSES_TARGET_COMMON_EMIT_H

#include "dialects/rt/IR/RtDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace ptx::target {

using mlir::SmallVector;
using mlir::Value;
using mlir::ValueRange;

/// How a target computes: elements at once, the width of its integers, and
/// where the matrices of a launch lie.
struct Machine {
  int64_t lanes;         // 1: scalars
  unsigned integerBits;  // 32 or 64
  unsigned addressSpace; // of buffers, parameters and words
};

class Emit : public mlir::ImplicitLocOpBuilder {
public:
  Emit(mlir::Location loc, mlir::MLIRContext *context, Machine machine)
      : ImplicitLocOpBuilder(loc, context), machine(machine) {}
  using Predicate = mlir::arith::CmpIPredicate;
  using Compare = mlir::arith::CmpFPredicate;

  int64_t laneCount() const { return machine.lanes; }
  mlir::Type integerType() { return getIntegerType(machine.integerBits); }
  mlir::Type pointer() { return mlir::LLVM::LLVMPointerType::get(getContext(), machine.addressSpace); }
  /// What the lanes of an element make: a vector, or the element itself.
  mlir::Type wide(mlir::Type element) {
    return laneCount() == 1 ? element : mlir::Type(mlir::VectorType::get({laneCount()}, element));
  }
  mlir::Type wideFloat() { return wide(getF32Type()); }
  /// A constant in every lane.
  Value splat(mlir::TypedAttr value);

  // Integers.
  Value integer(int64_t value);
  Value flag(bool value) { return create<mlir::arith::ConstantOp>(getBoolAttr(value)); }
  Value add(Value a, Value b) { return create<mlir::arith::AddIOp>(a, b); }
  Value add(Value a, int64_t b) { return add(a, integer(b)); }
  Value sub(Value a, Value b) { return create<mlir::arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) { return create<mlir::arith::MulIOp>(a, b); }
  Value mul(Value a, int64_t b) { return mul(a, integer(b)); }
  Value div(Value a, Value b) { return create<mlir::arith::DivUIOp>(a, b); }
  Value div(Value a, int64_t b) { return div(a, integer(b)); }
  Value rem(Value a, int64_t b) { return create<mlir::arith::RemUIOp>(a, integer(b)); }
  Value minimum(Value a, Value b) { return create<mlir::arith::MinSIOp>(a, b); }
  Value maximum(Value a, Value b) { return create<mlir::arith::MaxSIOp>(a, b); }
  Value ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), integer(b)); }
  Value roundUp(Value a, int64_t b) { return mul(ceilDiv(a, b), b); }
  Value compare(Predicate p, Value a, Value b) { return create<mlir::arith::CmpIOp>(p, a, b); }
  Value less(Value a, Value b) { return compare(Predicate::slt, a, b); }
  Value both(Value a, Value b) { return create<mlir::arith::AndIOp>(a, b); }
  Value select(Value condition, Value a, Value b) { return create<mlir::arith::SelectOp>(condition, a, b); }
  /// To 64 bits, for offsets that may be large.
  Value widen(Value integer);
  /// From 64 bits to the target's integers.
  Value narrow(Value word);

  // Floating point: elements, or the lanes of some.
  Value constant(float value) { return splat(getF32FloatAttr(value)); }
  Value scalar(float value);
  Value addf(Value a, Value b) { return create<mlir::arith::AddFOp>(a, b); }
  Value subf(Value a, Value b) { return create<mlir::arith::SubFOp>(a, b); }
  Value mulf(Value a, Value b) { return create<mlir::arith::MulFOp>(a, b); }
  Value divf(Value a, Value b) { return create<mlir::arith::DivFOp>(a, b); }
  Value fma(Value a, Value b, Value c) { return create<mlir::math::FmaOp>(a, b, c); }
  Value compare(Compare p, Value a, Value b) { return create<mlir::arith::CmpFOp>(p, a, b); }
  /// f16 and bf16 lanes to f32, and f32 lanes rounded to an element type.
  Value extend(Value narrow) {
    return create<mlir::arith::ExtFOp>(wideFloat(), narrow, mlir::arith::FastMathFlagsAttr());
  }
  Value truncate(Value x, mlir::Type element) { return create<mlir::arith::TruncFOp>(wide(element), x); }
  Value toFloat(Value integer) { return create<mlir::arith::SIToFPOp>(getF32Type(), integer); }

  // Memory. Offsets and pitches are counted in floats.
  Value at(Value base, Value floats) { return at(base, floats, getF32Type()); }
  Value at(Value base, Value index, mlir::Type element);
  Value at(Value base, int64_t floats);
  Value load(Value address) { return create<mlir::LLVM::LoadOp>(wideFloat(), address, 4); }
  Value loadScalar(Value address) { return create<mlir::LLVM::LoadOp>(getF32Type(), address, 4); }
  /// An f32 of an array, 1 where the address is 0.
  Value loadOrOne(Value base, Value index);
  /// An i32 of an array.
  Value loadInt(Value base, Value index);
  void store(Value value, Value address) { create<mlir::LLVM::StoreOp>(value, address, 4); }
  /// A word of a launch, 64 bits, as an integer of the target or as an address.
  Value word(Value args, int64_t index);
  Value pointerWord(Value args, int64_t index);

  // Control.
  void loop(Value low, Value high, int64_t step, llvm::function_ref<void(Value)> body);
  SmallVector<Value> loop(Value low, Value high, int64_t step, ValueRange inits,
                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);
  /// for (i = low; i < high; i += step(i)) body(i, step)
  void stride(Value low, Value high, llvm::function_ref<Value(Value)> step,
              llvm::function_ref<void(Value, Value)> body);
  void when(Value condition, llvm::function_ref<void()> body);
  void either(Value condition, llvm::function_ref<void()> yes, llvm::function_ref<void()> no);

  template <typename Op, typename... Args> Op create(Args &&...args) {
    return Op::create(static_cast<mlir::ImplicitLocOpBuilder &>(*this), std::forward<Args>(args)...);
  }

private:
  Machine machine;
};

/// A row-major matrix in memory. Pitches are counted in words of 32 bits.
struct Matrix {
  Value base;
  Value pitch;
  mlir::Type narrow = {}; // of its elements, f16 or bf16; null: f32

  Value row(Emit &e, Value index) const { return e.at(base, e.mul(e.widen(index), e.widen(pitch))); }
  /// An element of a row.
  Value at(Emit &e, Value row, Value column) const {
    return e.at(row, column, narrow ? narrow : mlir::Type(e.getF32Type()));
  }
};

/// The words of one call of a kernel, by the names its signature states.
class Words {
public:
  Words(rt::KernelOp kernel, Value args) : signature(kernel.getSignature()), args(args) {}
  Value integer(Emit &e, llvm::StringRef name) const { return e.word(args, index(name)); }
  Value pointer(Emit &e, llvm::StringRef name) const { return e.pointerWord(args, index(name)); }
  /// The matrix of rows whose address is the word `name`.
  Matrix matrix(Emit &e, llvm::StringRef name) const;

private:
  int64_t index(llvm::StringRef name) const;
  words::Signature signature;
  Value args;
};

//===- Math.cpp: functions of our own, the same bytes on every target -===//

Value emitExp(Emit &e, Value x);
/// The same for x <= 0, with 0 where the result would be subnormal.
Value emitExpNonPositive(Emit &e, Value x);
Value emitTanh(Emit &e, Value x);
Value emitErf(Emit &e, Value x);

//===- Regions.cpp -===//

/// The region of a kernel on the elements at row `m`, columns `n` and following.
class Element {
public:
  Element(Emit &e, rt::KernelOp kernel, const Words &words);
  Value operator()(Emit &e, ValueRange values, Value m, Value n) const {
    return (*this)(e, values, columns(e, n), m, n);
  }

  /// What it reads of columns, which is the same for every row: one for each extra, null where that is of rows.
  SmallVector<Value> columns(Emit &e, Value n) const;
  Value operator()(Emit &e, ValueRange values, llvm::ArrayRef<Value> columns, Value m, Value n) const;

  /// The extras that have rows.
  auto rowExtras() const {
    return llvm::make_filter_range(extras, [](const Matrix &extra) { return static_cast<bool>(extra.pitch); });
  }

private:
  mutable rt::KernelOp kernel; // its accessors are not const
  SmallVector<Matrix> extras;  // a column has no pitch
};

} // namespace ptx::target

#endif // PTX_PASSES_TARGET_COMMON_EMIT_H
