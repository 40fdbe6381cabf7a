// A builder that speaks of words, floats and 16-lane vectors at addresses.
// Offsets and pitches are counted in floats.
#ifndef PTX_PASSES_TARGET_CPU_EMIT_H
#define PTX_PASSES_TARGET_CPU_EMIT_H

#include "dialects/rt/IR/RtDialect.h"
#include "passes/Target/CPU/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace ptx::cpu {

using mlir::SmallVector;
using mlir::Value;
using mlir::ValueRange;

inline constexpr int64_t lanes = 16;

class Emit : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Predicate = mlir::arith::CmpIPredicate;
  using Compare = mlir::arith::CmpFPredicate;

  mlir::Type pointer() { return mlir::LLVM::LLVMPointerType::get(getContext()); }
  mlir::VectorType vector(mlir::Type element = {}) {
    return mlir::VectorType::get({lanes}, element ? element : getF32Type());
  }

  // Integers are i64.
  Value integer(int64_t value);
  Value add(Value a, Value b) { return create<mlir::arith::AddIOp>(a, b); }
  Value add(Value a, int64_t b) { return add(a, integer(b)); }
  Value sub(Value a, Value b) { return create<mlir::arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) { return create<mlir::arith::MulIOp>(a, b); }
  Value mul(Value a, int64_t b) { return mul(a, integer(b)); }
  Value div(Value a, Value b) { return create<mlir::arith::DivUIOp>(a, b); }
  Value minimum(Value a, Value b) { return create<mlir::arith::MinSIOp>(a, b); }
  Value maximum(Value a, Value b) { return create<mlir::arith::MaxSIOp>(a, b); }
  Value ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), integer(b)); }
  Value roundUp(Value a, int64_t b) { return mul(ceilDiv(a, b), b); }
  Value compare(Predicate p, Value a, Value b) { return create<mlir::arith::CmpIOp>(p, a, b); }
  Value select(Value condition, Value a, Value b) { return create<mlir::arith::SelectOp>(condition, a, b); }

  // Floating point, scalar or vector.
  Value constant(float value); // splat
  Value scalar(float value);
  Value addf(Value a, Value b) { return create<mlir::arith::AddFOp>(a, b); }
  Value subf(Value a, Value b) { return create<mlir::arith::SubFOp>(a, b); }
  Value mulf(Value a, Value b) { return create<mlir::arith::MulFOp>(a, b); }
  Value divf(Value a, Value b) { return create<mlir::arith::DivFOp>(a, b); }
  Value fma(Value a, Value b, Value c) { return create<mlir::math::FmaOp>(a, b, c); }
  Value compare(Compare p, Value a, Value b) { return create<mlir::arith::CmpFOp>(p, a, b); }
  Value toFloat(Value integer) { return create<mlir::arith::SIToFPOp>(getF32Type(), integer); }
  Value broadcast(Value value) { return create<mlir::vector::BroadcastOp>(vector(value.getType()), value); }
  /// All lanes combined in a fixed tree; every lane holds the result.
  Value tree(Value value, llvm::function_ref<Value(Value, Value)> combine);
  Value sumTree(Value value);
  /// Lanes below `count` (any i64; all from 16 up).
  Value firstLanes(Value count);
  /// Lanes from `begin` up.
  Value lanesFrom(Value begin);

  // Memory.
  Value at(Value base, Value floats) { return at(base, floats, getF32Type()); }
  Value at(Value base, Value index, mlir::Type element);
  Value at(Value base, int64_t floats);
  Value word(Value args, int64_t index);
  Value pointerWord(Value args, int64_t index);
  Value load(Value address); // 16 lanes
  Value loadScalar(Value address);
  Value loadInt(Value base, Value index); // i32 -> i64
  void store(Value value, Value address);
  void store(Value value, Value address,
             Value count); // the first `count` lanes

  // Control.
  void loop(Value low, Value high, int64_t step, llvm::function_ref<void(Value)> body);
  SmallVector<Value> loop(Value low, Value high, int64_t step, ValueRange inits,
                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);
  /// for (i = low; i < high; i += step(i)) body(i, step)
  void stride(Value low, Value high, llvm::function_ref<Value(Value)> step,
              llvm::function_ref<void(Value, Value)> body);
  void when(Value condition, llvm::function_ref<void()> body);
  void call(llvm::StringRef name, ValueRange operands) {
    create<mlir::func::CallOp>(name, mlir::TypeRange(), operands);
  }

  template <typename Op, typename... Args> Op create(Args &&...args) {
    return Op::create(static_cast<mlir::ImplicitLocOpBuilder &>(*this), std::forward<Args>(args)...);
  }
};

/// The words of one call of a kernel, by the names its signature states.
class Words {
public:
  Words(mlir::Operation *kernel, Value args) : signature(mlir::cast<rt::KernelOp>(kernel).getSignature()), args(args) {}
  Value integer(Emit &e, llvm::StringRef name) const { return e.word(args, index(name)); }
  Value pointer(Emit &e, llvm::StringRef name) const { return e.pointerWord(args, index(name)); }

private:
  int64_t index(llvm::StringRef name) const;
  words::Signature signature;
  Value args;
};

/// A row-major matrix in memory.
struct Matrix {
  Value base;
  Value pitch;

  Value row(Emit &e, Value index) const { return e.at(base, e.mul(index, pitch)); }
};

} // namespace ptx::cpu

#endif // PTX_PASSES_TARGET_CPU_EMIT_H
