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
  if (!kernel.op.getChunk())
    return most;
  return e.select(e.compare(Emit::Compare::OEQ, most, e.constant(least)), e.constant(0.0f), most);
}

AttentionBlock AttentionBlock::head(Emit &e, Value head) const {
  AttentionBlock other = *this;
  for (Matrix *rows : {&other.q, &other.k, &other.v, &other.y})
    rows->base = rows->at(e, rows->base, e.mul(head, headDim));
  if (states)
    other.states = e.at(states, e.mul(head, AttentionState::floats(headDim)));
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

/// Of both products. Rows of a causal block cut pairs of keys: theirs are of f32.
static const Operands &productOf(const Kernel &kernel) {
  const Operands &own = operandsOf(kernel.level, kernel.op.getProductType());
  bool isPaired = own.product == Product::Bf16Pairs && !kernel.op.getCausal();
  return isPaired ? own : operandsOf(kernel.level, std::nullopt);
}

static Matrix from(Emit &e, const Matrix &rows, Value row) { return {rows.row(e, row), rows.pitch, rows.narrow}; }

void ptx::cpu::emitAttention(Emit &e, const Kernel &kernel) {
  Matrix q = kernel.words.matrix(e, "q"), k = kernel.words.matrix(e, "k"), v = kernel.words.matrix(e, "v"),
         y = kernel.words.matrix(e, "y");
  Value table = kernel.words.pointer(e, "blocks"), begins = kernel.words.pointer(e, "key_begin"),
        counts = kernel.words.pointer(e, "keys");
  int64_t headDim = kernel.op.getHeadDim();
  e.loop(kernel.r0, kernel.r1, 1, [&](Value block) {
    auto entry = [&](int64_t i) { return e.loadInt(table, e.add(e.mul(block, 4), i)); };
    Value sequence = entry(0), begin = entry(1), queries = e.sub(entry(2), begin), first = entry(3);
    Value keyBegin = e.loadInt(begins, sequence), allKeys = e.loadInt(counts, sequence);
    Value keys = kernel.op.getCausal() ? e.minimum(allKeys, e.add(first, queries)) : allKeys;
    Value room = kernel.op.getChunk() ? e.integer(kernel.op.getChunk()) : e.roundUp(keys, lanes);
    AttentionBlock whole{kernel,
                         from(e, q, begin),
                         from(e, k, keyBegin),
                         from(e, v, keyBegin),
                         from(e, y, begin),
                         queries,
                         keys,
                         allKeys,
                         first,
                         room,
                         headDim,
                         productOf(kernel)};
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

void ptx::cpu::emitAttentionChunk(Emit &e, const Kernel &kernel) {
  Matrix q = kernel.words.matrix(e, "q"), k = kernel.words.matrix(e, "k"), v = kernel.words.matrix(e, "v"),
         y = kernel.words.matrix(e, "y");
  Value table = kernel.words.pointer(e, "chunks"), begins = kernel.words.pointer(e, "key_begin"),
        counts = kernel.words.pointer(e, "keys"), chunk = e.integer(kernel.op.getChunk());
  e.loop(kernel.r0, kernel.r1, 1, [&](Value number) {
    Value sequence = e.loadInt(table, e.mul(number, 2)), first = e.loadInt(table, e.add(e.mul(number, 2), 1));
    Value begin = e.add(e.loadInt(begins, sequence), first);
    Value keys = e.minimum(chunk, e.sub(e.loadInt(counts, sequence), first));
    // The query is the sequence's last row: it sees all.
    AttentionBlock block{kernel,
                         from(e, q, sequence),
                         from(e, k, begin),
                         from(e, v, begin),
                         from(e, y, number),
                         e.integer(1),
                         keys,
                         keys,
                         e.sub(keys, e.integer(1)),
                         chunk,
                         static_cast<int64_t>(kernel.op.getHeadDim()),
                         productOf(kernel),
                         from(e, y, number).base};
    emitStatesOfFew(e, block.head(e, kernel.c0), e.sub(kernel.c1, kernel.c0));
  });
}

void ptx::cpu::emitAttentionJoin(Emit &e, const Kernel &kernel) {
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value begins = kernel.words.pointer(e, "chunk_begin");
  int64_t headDim = kernel.op.getHeadDim(), floats = AttentionState::floats(headDim);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value sequence) {
    Value begin = e.loadInt(begins, sequence), end = e.loadInt(begins, e.add(sequence, 1));
    e.loop(kernel.c0, kernel.c1, 1, [&](Value head) {
      auto state = [&](Value chunk) { return AttentionState::among(e, x.row(e, chunk), head, headDim); };
      AttentionState all{kernel.scratch, headDim};
      for (int64_t n = 0; n < floats; n += lanes)
        e.store(e.load(e.at(state(begin).row, n)), e.at(all.row, n));
      e.loop(e.add(begin, 1), end, 1, [&](Value chunk) { all.join(e, state(chunk)); });
      Matrix own = from(e, y, sequence);
      all.finish(e, kernel.level, e.flag(true), y, own.at(e, own.base, e.mul(head, headDim)));
    });
  });
}
