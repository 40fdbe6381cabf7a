// y[m,n] = region(table_0[index_0[m],n], ..., extras...)
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitGather(Emit &e, const Kernel &kernel) {
  constexpr int64_t head = 3, perTable = 3;
  int64_t count = kernel.op.getTables();
  Matrix y{e.pointerWord(kernel.args, 0), e.word(kernel.args, 1)};
  Value width = e.word(kernel.args, 2);
  SmallVector<Matrix> tables;
  SmallVector<Value> indices;
  for (int64_t t = 0; t < count; ++t) {
    int64_t word = head + perTable * t;
    tables.push_back({e.pointerWord(kernel.args, word), e.word(kernel.args, word + 1)});
    indices.push_back(e.pointerWord(kernel.args, word + 2));
  }
  Element element(e, kernel.op, kernel.args, head + perTable * count);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    SmallVector<Value> rows;
    for (auto [table, index] : llvm::zip(tables, indices))
      rows.push_back(table.row(e, e.loadInt(index, m)));
    Value out = y.row(e, m);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      SmallVector<Value> values;
      for (Value row : rows)
        values.push_back(e.load(e.at(row, n)));
      e.store(element(e, values, m, n), e.at(out, n), e.sub(width, n));
    });
  });
}
