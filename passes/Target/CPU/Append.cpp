// y[cells[m],n] = x[m,n]
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitAppend(Emit &e, const Kernel &kernel) {
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width"), cells = kernel.words.pointer(e, "cells");
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Value in = x.row(e, m), out = y.row(e, e.loadInt(cells, m));
    e.loop(e.integer(0), width, lanes,
           [&](Value n) { emitStore(e, kernel.level, emitLoad(e, x, in, n), y, out, n, e.sub(width, n)); });
  });
}
