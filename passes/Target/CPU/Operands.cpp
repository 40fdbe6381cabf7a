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

static constexpr auto upperHalf = static_cast<int32_t>(0xffff0000u);

// A level without instructions for it rounds bf16 in integers: half of the last
// place that stays, less one where that is even, carries into it. NaN, which
// would become something else, stays what it is.
static Value roundBits(Emit &e, Value x) {
  auto splat = [&](int32_t v) { return e.splat(e.getI32IntegerAttr(v)); };
  Value bits = e.create<arith::BitcastOp>(e.wide(e.getI32Type()), x);
  Value odd = e.create<arith::AndIOp>(e.create<arith::ShRUIOp>(bits, splat(16)), splat(1));
  Value carried = e.create<arith::AddIOp>(e.create<arith::AddIOp>(bits, splat(0x7fff)), odd);
  Value cut = e.create<arith::AndIOp>(carried, splat(upperHalf));
  return e.select(e.compare(Emit::Compare::UNO, x, x), bits, cut);
}

static bool roundsInIntegers(const LevelInfo &level, Type type) { return type.isBF16() && !level.multipliesBf16; }

Value ptx::cpu::emitRound(Emit &e, const LevelInfo &level, Value x, Type type) {
  if (roundsInIntegers(level, type))
    return e.create<arith::BitcastOp>(e.wideFloat(), roundBits(e, x));
  return e.extend(e.truncate(x, type));
}

Value ptx::cpu::emitNarrow(Emit &e, const LevelInfo &level, Value x, Type type) {
  Type bits = e.wide(e.getI16Type());
  if (!roundsInIntegers(level, type))
    return e.create<arith::BitcastOp>(bits, e.truncate(x, type));
  Value upper = e.create<arith::ShRUIOp>(roundBits(e, x), e.splat(e.getI32IntegerAttr(16)));
  return e.create<arith::TruncIOp>(bits, upper);
}

Value ptx::cpu::emitPair(Emit &e, Value low, Value high) {
  auto half = [&](Value x) -> Value {
    Value narrow = x.getType() == e.wideFloat() ? e.truncate(x, e.getBF16Type()) : x;
    return e.create<arith::ExtUIOp>(e.wide(e.getI32Type()), e.create<arith::BitcastOp>(e.wide(e.getI16Type()), narrow));
  };
  Value shifted = e.create<arith::ShLIOp>(half(high), e.splat(e.getI32IntegerAttr(16)));
  return e.create<arith::OrIOp>(half(low), shifted);
}

Value ptx::cpu::emitRoundedPair(Emit &e, const LevelInfo &level, Value low, Value high) {
  if (!roundsInIntegers(level, e.getBF16Type()))
    return emitPair(e, low, high);
  Value upper = e.create<arith::AndIOp>(roundBits(e, high), e.splat(e.getI32IntegerAttr(upperHalf)));
  return e.create<arith::OrIOp>(e.create<arith::ShRUIOp>(roundBits(e, low), e.splat(e.getI32IntegerAttr(16))), upper);
}

std::pair<Value, Value> ptx::cpu::emitUnpair(Emit &e, Value words, Type type) {
  Value low, high;
  if (type.isBF16()) {
    low = e.create<arith::ShLIOp>(words, e.splat(e.getI32IntegerAttr(16)));
    high = e.create<arith::AndIOp>(words, e.splat(e.getI32IntegerAttr(upperHalf)));
    return {e.create<arith::BitcastOp>(e.wideFloat(), low), e.create<arith::BitcastOp>(e.wideFloat(), high)};
  }
  auto number = [&](Value word) {
    Value bits = e.create<arith::TruncIOp>(e.wide(e.getI16Type()), word);
    return e.extend(e.create<arith::BitcastOp>(e.wide(type), bits));
  };
  return {number(words), number(e.create<arith::ShRUIOp>(words, e.splat(e.getI32IntegerAttr(16))))};
}

static Type pairs(Emit &e) { return VectorType::get({2 * lanes}, e.getBF16Type()); }

Value ptx::cpu::emitAsOperand(Emit &e, const Operands &operands, Value words) {
  return operands.product == Product::Bf16Pairs ? Value(e.create<LLVM::BitcastOp>(pairs(e), words)) : words;
}

Value ptx::cpu::emitBroadcast(Emit &e, const Operands &operands, Value address) {
  if (operands.product != Product::Bf16Pairs)
    return e.broadcast(e.loadScalar(address));
  return emitAsOperand(e, operands, e.broadcast(e.create<LLVM::LoadOp>(e.getI32Type(), address, 4)));
}

Value ptx::cpu::emitMultiplyAdd(Emit &e, const Operands &operands, Value a, Value b, Value sum) {
  if (operands.product != Product::Bf16Pairs)
    return e.fma(a, b, sum);
  auto dot = e.create<LLVM::CallIntrinsicOp>(e.wideFloat(), e.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                             ValueRange{sum, a, b});
  return dot->getResult(0);
}

void ptx::cpu::emitStore(Emit &e, const LevelInfo &level, Value x, const Matrix &rows, Value row, Value n,
                         Value count) {
  if (!rows.narrow)
    return e.store(x, rows.at(e, row, n), count);
  Value elements = emitNarrow(e, level, x, rows.narrow);
  auto store = [&](Value value, Value column) { e.create<LLVM::StoreOp>(value, rows.at(e, row, column), 2); };
  // No level has a masked store of 16 bits but those of AVX-512.
  e.either(
      e.compare(Emit::Predicate::sge, count, e.integer(lanes)), [&] { store(elements, n); },
      [&] {
        e.loop(e.integer(0), count, 1,
               [&](Value i) { store(e.create<LLVM::ExtractElementOp>(elements, i), e.add(n, i)); });
      });
}

Value ptx::cpu::emitLoad(Emit &e, const Matrix &rows, Value row, Value n) {
  Value address = rows.at(e, row, n);
  return rows.narrow ? e.extend(e.create<LLVM::LoadOp>(e.wide(rows.narrow), address, 2)) : e.load(address);
}

Value ptx::cpu::preparedPitch(Emit &e, const Operands &operands, Value depth) {
  Value words = operands.product == Product::Bf16Pairs ? e.ceilDiv(depth, 2) : depth;
  Value lines = e.ceilDiv(words, lanes);
  return e.mul(e.create<arith::OrIOp>(lines, e.integer(1)), lanes);
}

bool ptx::cpu::isPrepared(const Operands &operands, const Matrix &rows) {
  return rows.narrow ? operands.product == Product::Bf16Pairs : !operands.isNarrow();
}

static std::string functionName(const Operands &operands, bool fromNarrow) {
  return ("prepare_" + operands.name + (fromNarrow ? "_narrow" : "")).str();
}

void ptx::cpu::emitPrepare(Emit &e, const Operands &operands, Matrix src, Value rows, Value depth, Matrix dst) {
  e.call(functionName(operands, static_cast<bool>(src.narrow)),
         {src.base, src.pitch, rows, depth, dst.base, dst.pitch});
}

// (src, src pitch, rows, depth, dst, dst pitch)
static void emitPrepareFunction(Emit &e, const LevelInfo &level, Type type, Type narrow) {
  const Operands &operands = operandsOf(level, type);
  Type ptr = e.pointer(), i64 = e.getI64Type();
  auto function = beginFunction(e, functionName(operands, static_cast<bool>(narrow)), {ptr, i64, i64, i64, ptr, i64});
  Matrix src{function.getArgument(0), function.getArgument(1), narrow};
  Matrix dst{function.getArgument(4), function.getArgument(5)};
  Value rows = function.getArgument(2), depth = function.getArgument(3);
  bool pairs = operands.product == Product::Bf16Pairs;
  Value whole = e.mul(e.div(depth, lanes), lanes);
  auto put = [&](Value x, Value to, Value k) {
    if (pairs)
      e.store(e.truncate(x, type), e.at(to, k, type));
    else
      e.store(narrow ? x : emitRound(e, level, x, type), e.at(to, k));
  };
  e.loop(e.integer(0), rows, 1, [&](Value m) {
    Value from = src.row(e, m), to = dst.row(e, m);
    e.loop(e.integer(0), whole, lanes, [&](Value k) { put(emitLoad(e, src, from, k), to, k); });
    Value rest = e.sub(depth, whole);
    e.when(e.compare(Emit::Predicate::sgt, rest, e.integer(0)), [&] {
      Value some = e.select(e.firstLanes(rest), emitLoad(e, src, from, whole), e.constant(0.0f));
      put(some, to, whole);
    });
  });
  endFunction(e, function);
}

void ptx::cpu::emitPrepareFunctions(Emit &e, const LevelInfo &level, ArrayRef<Type> productTypes) {
  for (Type type : productTypes) {
    emitPrepareFunction(e, level, type, /*narrow=*/{});
    if (!isPrepared(operandsOf(level, type), {{}, {}, type}))
      emitPrepareFunction(e, level, type, /*narrow=*/type);
  }
}
