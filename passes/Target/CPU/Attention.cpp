// Attention: every block of query rows meets every head. Everything about a query is
// computed in the order of its own keys: its bytes depend on no other row, nor on the
// block. In a narrow type products are of rounded queries, keys, values and weights, in
// f32, or of pairs of bf16 where all rows of a block see the same keys. Long sequences
// come by chunks of keys, which are joined in their order: scratch is that of a chunk.
#include "passes/Target/CPU/Attention.h"

#include <limits>

using namespace ptx::cpu;

// A block of so few queries takes them one by one: lanes of queries would idle.
static constexpr int64_t fewQueries = 4;

static constexpr float least = -std::numeric_limits<float>::infinity();

ScratchBytes ptx::cpu::attentionScratch(rt::KernelOp kernel) {
  int64_t headDim = kernel.getHeadDim(), chunk = kernel.getChunk();
  int64_t perKey = attentionBlockRows + (kernel.getProductType() ? 2 * padded(headDim) : 0);
  int64_t base = AttentionBlock::statesOffset(headDim);
  if (chunk)
    return {4 * (base + 2 * attentionBlockRows * AttentionState::floats(headDim) + chunk * perKey), 0};
  return {4 * base, 4 * perKey};
}

//===- States ------------------------------------------------------------------===//

static Value greater(Emit &e, Value a, Value b) { return e.select(e.compare(Emit::Compare::OGT, a, b), a, b); }

void AttentionState::join(Emit &e, const AttentionState &later) const {
  auto load = [&](Value at) { return e.broadcast(e.loadScalar(at)); };
  Value own = load(most(e)), other = load(later.most(e)), both = greater(e, own, other);
  Value reference = e.select(e.compare(Emit::Compare::OEQ, both, e.constant(least)), e.constant(0.0f), both);
  auto factor = [&](Value most) { return ptx::target::emitExpNonPositive(e, e.subf(most, reference)); };
  Value ownFactor = factor(own), otherFactor = factor(other);
  auto add = [&](Value to, Value from) { return e.fma(from, otherFactor, e.mulf(to, ownFactor)); };
  auto storeFirst = [&](Value lanes, Value at) { e.store(e.create<mlir::vector::ExtractOp>(lanes, 0), at); };
  for (int64_t n = 0; n < padded(headDim); n += lanes)
    e.store(add(e.load(e.at(row, n)), e.load(e.at(later.row, n))), e.at(row, n));
  storeFirst(add(load(sum(e)), load(later.sum(e))), sum(e));
  storeFirst(both, most(e));
}

void AttentionState::finish(Emit &e, const LevelInfo &level, Value isSome, const Matrix &y, Value target) const {
  Value factor = e.divf(e.constant(1.0f), e.broadcast(e.loadScalar(sum(e))));
  for (int64_t n = 0; n < headDim; n += lanes) {
    Value result = e.select(isSome, e.mulf(e.load(e.at(row, n)), factor), e.constant(0.0f));
    emitStore(e, level, result, y, target, e.integer(n), e.integer(headDim - n));
  }
}

//===- Blocks ------------------------------------------------------------------===//

Value AttentionBlock::stateRoom(Emit &e, int64_t which) const {
  return scratch(e, statesOffset(headDim) + which * attentionBlockRows * AttentionState::floats(headDim));
}

Value AttentionBlock::scores(Emit &e) const { return stateRoom(e, kernel.op.getChunk() ? 2 : 0); }

Value AttentionBlock::limit(Emit &e, Value i) const {
  if (!causal())
    return allKeys;
  Value own = e.minimum(allKeys, e.add(e.add(first, i), 1));
  return states ? e.maximum(own, e.integer(0)) : own;
}

Value AttentionBlock::reference(Emit &e, Value most) const {
  if (!states)
    return most;
  return e.select(e.compare(Emit::Compare::OEQ, most, e.constant(least)), e.constant(0.0f), most);
}

AttentionBlock AttentionBlock::head(Emit &e, Value head) const {
  AttentionBlock other = *this;
  for (Matrix *rows : {&other.q, &other.k, &other.v, &other.y})
    rows->base = rows->at(e, rows->base, e.mul(head, headDim));
  return other;
}

AttentionBlock AttentionBlock::chunk(Emit &e, Value from, Value states) const {
  AttentionBlock part = *this;
  Value most = e.integer(kernel.op.getChunk());
  part.k.base = k.row(e, from);
  part.v.base = v.row(e, from);
  part.keys = e.minimum(e.sub(keys, from), most);
  part.allKeys = e.minimum(e.sub(allKeys, from), most);
  part.first = e.sub(first, from);
  part.keyRoom = most;
  part.states = states;
  return part;
}

static void emitChunks(Emit &e, const AttentionBlock &work) {
  auto seenBy = [&](Value query, Value from) { return e.less(from, work.limit(e, query)); };
  e.loop(e.integer(0), work.keys, work.kernel.op.getChunk(), [&](Value from) {
    Value isFirst = e.compare(Emit::Predicate::eq, from, e.integer(0));
    Value all = work.stateRoom(e, 0), own = work.stateRoom(e, 1);
    AttentionBlock part = work.chunk(e, from, e.select(isFirst, all, own));
    emitAttentionOfMany(e, part);
    e.loop(e.select(isFirst, work.queries, e.integer(0)), work.queries, 1, [&](Value query) {
      AttentionBlock total = work;
      total.states = all;
      e.when(seenBy(query, from), [&] { total.state(e, query).join(e, part.state(e, query)); });
    });
  });
  AttentionBlock total = work;
  total.states = work.stateRoom(e, 0);
  e.loop(e.integer(0), work.queries, 1, [&](Value query) {
    total.state(e, query).finish(e, work.kernel.level, seenBy(query, e.integer(0)), work.y, work.y.row(e, query));
  });
}

void ptx::cpu::emitAttention(Emit &e, const Kernel &kernel) {
  Matrix q = kernel.words.matrix(e, "q"), k = kernel.words.matrix(e, "k"), v = kernel.words.matrix(e, "v"),
         y = kernel.words.matrix(e, "y");
  Value table = kernel.words.pointer(e, "blocks"), begins = kernel.words.pointer(e, "key_begin"),
        counts = kernel.words.pointer(e, "keys");
  int64_t headDim = kernel.op.getHeadDim();
  // Rows of a causal block cut pairs of keys: their products are of f32.
  std::optional<mlir::Type> type = kernel.op.getProductType();
  const Operands &own = operandsOf(kernel.level, type);
  bool isPaired = own.product == Product::Bf16Pairs && !kernel.op.getCausal();
  const Operands &operands = isPaired ? own : operandsOf(kernel.level, std::nullopt);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value block) {
    auto entry = [&](int64_t i) { return e.loadInt(table, e.add(e.mul(block, 4), i)); };
    Value sequence = entry(0), begin = entry(1), queries = e.sub(entry(2), begin), first = entry(3);
    Value keyBegin = e.loadInt(begins, sequence), allKeys = e.loadInt(counts, sequence);
    Value keys = kernel.op.getCausal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
    auto from = [&](Matrix m, Value row) { return Matrix{m.row(e, row), m.pitch, m.narrow}; };
    AttentionBlock whole{
        kernel,  from(q, begin), from(k, keyBegin),      from(v, keyBegin), from(y, begin), queries, keys,
        allKeys, first,          e.roundUp(keys, lanes), headDim,           operands};
    if (kernel.op.getChunk())
      whole.keyRoom = e.integer(kernel.op.getChunk());
    auto few = [&] { emitAttentionOfFew(e, whole.head(e, kernel.c0), e.sub(kernel.c1, kernel.c0)); };
    auto many = [&] {
      e.loop(kernel.c0, kernel.c1, 1, [&](Value head) {
        AttentionBlock own = whole.head(e, head);
        kernel.op.getChunk() ? emitChunks(e, own) : emitAttentionOfMany(e, own);
      });
    };
    e.either(e.compare(Emit::Predicate::sle, queries, e.integer(fewQueries)), few, many);
  });
}
