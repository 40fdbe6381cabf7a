#include "passes/Target/CPU/Operands.h"
#include "passes/Target/CPU/Generators.h"

using namespace mlir;
using namespace ptx::cpu;

static constexpr Operands table[] = {
    {Product::F32, "f32", 1, 1, 16, maxRowsAnyLevel},
    {Product::F16, "f16", 1, 1, 8, maxRowsAnyLevel},
    {Product::Bf16, "bf16", 2, 2, 16, 10}, // both halves of a panel wait in registers
    {Product::Bf16Pairs, "bf16_pairs", 2, 1, 16, maxRowsAnyLevel},
};

const Operands &ptx::cpu::operandsOf(const LevelInfo &level, std::optional<Type> type) {
  Product product = !type                  ? Product::F32
                    : type->isF16()        ? Product::F16
                    : level.multipliesBf16 ? Product::Bf16Pairs
                                           : Product::Bf16;
  return table[static_cast<size_t>(product)];
}

// A level without instructions for it rounds bf16 in integers: half of the last
// place that stays, less one where that is even, carries into it. NaN, which
// would become something else, stays what it is.
static Value roundBits(Emit &e, Value x) {
  auto splat = [&](int32_t v) { return e.splat(e.getI32IntegerAttr(v)); };
  Value bits = e.create<arith::BitcastOp>(e.wide(e.getI32Type()), x);
  Value odd = e.create<arith::AndIOp>(e.create<arith::ShRUIOp>(bits, splat(16)), splat(1));
  Value carried = e.create<arith::AddIOp>(e.create<arith::AddIOp>(bits, splat(0x7fff)), odd);
  Value cut = e.create<arith::AndIOp>(carried, splat(static_cast<int32_t>(0xffff0000u)));
  Value rounded = e.create<arith::BitcastOp>(e.wideFloat(), cut);
  return e.select(e.compare(Emit::Compare::UNO, x, x), x, rounded);
}

Value ptx::cpu::emitRound(Emit &e, const LevelInfo &level, Value x, Type type) {
  if (type.isBF16() && !level.multipliesBf16)
    return roundBits(e, x);
  return e.extend(e.truncate(x, type));
}

Value ptx::cpu::emitPair(Emit &e, Value low, Value high) {
  auto half = [&](Value x) -> Value {
    Value narrow = e.create<arith::BitcastOp>(e.wide(e.getI16Type()), e.truncate(x, e.getBF16Type()));
    return e.create<arith::ExtUIOp>(e.wide(e.getI32Type()), narrow);
  };
  Value shifted = e.create<arith::ShLIOp>(half(high), e.splat(e.getI32IntegerAttr(16)));
  return e.create<arith::OrIOp>(half(low), shifted);
}

Value ptx::cpu::preparedPitch(Emit &e, const Operands &operands, Value depth) {
  Value words = operands.product == Product::Bf16Pairs ? e.ceilDiv(depth, 2) : depth;
  Value lines = e.ceilDiv(words, lanes);
  return e.mul(e.create<arith::OrIOp>(lines, e.integer(1)), lanes);
}

static std::string functionName(const Operands &operands) { return ("prepare_" + operands.name).str(); }

void ptx::cpu::emitPrepare(Emit &e, const Operands &operands, Matrix src, Value rows, Value depth, Matrix dst) {
  e.call(functionName(operands), {src.base, src.pitch, rows, depth, dst.base, dst.pitch});
}

// (src, src pitch, rows, depth, dst, dst pitch)
static void emitPrepareFunction(Emit &e, const LevelInfo &level, Type type) {
  const Operands &operands = operandsOf(level, type);
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = beginFunction(e, functionName(operands), {ptr, i64, i64, i64, ptr, i64});
  Matrix src{function.getArgument(0), function.getArgument(1)}, dst{function.getArgument(4), function.getArgument(5)};
  Value rows = function.getArgument(2), depth = function.getArgument(3);
  bool pairs = operands.product == Product::Bf16Pairs;
  Value whole = e.mul(e.div(depth, lanes), lanes);
  auto put = [&](Value x, Value to, Value k) {
    if (pairs)
      e.store(e.truncate(x, type), e.at(to, k, type));
    else
      e.store(emitRound(e, level, x, type), e.at(to, k));
  };
  e.loop(e.integer(0), rows, 1, [&](Value m) {
    Value from = src.row(e, m), to = dst.row(e, m);
    e.loop(e.integer(0), whole, lanes, [&](Value k) { put(e.load(e.at(from, k)), to, k); });
    Value rest = e.sub(depth, whole);
    e.when(e.compare(Emit::Predicate::sgt, rest, e.integer(0)), [&] {
      Value some = e.select(e.firstLanes(rest), e.load(e.at(from, whole)), e.constant(0.0f));
      put(some, to, whole);
    });
  });
  endFunction(e, function);
}

void ptx::cpu::emitPrepareFunctions(Emit &e, const LevelInfo &level, ArrayRef<Type> productTypes) {
  for (Type type : productTypes)
    emitPrepareFunction(e, level, type);
}
