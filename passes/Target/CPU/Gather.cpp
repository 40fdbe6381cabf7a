// y[m,n] = region(table_0[index_0[m],n], ..., extras...)
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitGather(Emit &e, const Kernel &kernel) {
  int64_t count = kernel.op.getTables();
  Matrix y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  SmallVector<Matrix> tables;
  SmallVector<Value> indices;
  for (int64_t t = 0; t < count; ++t) {
    tables.push_back(kernel.words.matrix(e, "table_" + std::to_string(t)));
    indices.push_back(kernel.words.pointer(e, "index_" + std::to_string(t)));
  }
  Element element(e, kernel.op, kernel.words);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    SmallVector<Value> rows;
    for (auto [table, index] : llvm::zip(tables, indices))
      rows.push_back(table.row(e, e.loadInt(index, m)));
    Value out = y.row(e, m);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      SmallVector<Value> values;
      for (auto [table, row] : llvm::zip(tables, rows))
        values.push_back(emitLoad(e, table, row, n));
      emitStore(e, kernel.level, element(e, values, m, n), y, out, n, e.sub(width, n));
    });
  });
}
