// Attention: every block of query rows meets every head. Everything about a query is
// computed in the order of its own keys: its bytes depend on no other row, nor on the
// block. In a narrow type products are of rounded queries, keys, values and weights, in
// f32, or of pairs of bf16 where all rows of a block see the same keys.
#include "passes/Target/CPU/Attention.h"

using namespace ptx::cpu;

// A block of so few queries takes them one by one: lanes of queries would idle.
static constexpr int64_t fewQueries = 4;

int64_t ptx::cpu::attentionScratchBase(int64_t headDim) { return 4 * scoresOffset(headDim); }
int64_t ptx::cpu::attentionScratchPerKey(int64_t headDim, bool isNarrow) {
  return 4 * (attentionBlockRows + (isNarrow ? 2 * padded(headDim) : 0));
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
    Value isFew = e.compare(Emit::Predicate::sle, queries, e.integer(fewQueries));
    e.loop(kernel.c0, kernel.c1, 1, [&](Value head) {
      Value column = e.mul(head, headDim);
      auto from = [&](Matrix m, Value row) { return Matrix{m.at(e, m.row(e, row), column), m.pitch, m.narrow}; };
      AttentionBlock work{
          kernel,  from(q, begin), from(k, keyBegin),      from(v, keyBegin), from(y, begin), queries, keys,
          allKeys, first,          e.roundUp(keys, lanes), headDim,           operands};
      e.either(isFew, [&] { emitAttentionOfFew(e, work); }, [&] { emitAttentionOfMany(e, work); });
    });
  });
}
