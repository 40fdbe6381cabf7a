// y[m,n] = region(x[m,n], extras...)
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitMap(Emit &e, const Kernel &kernel) {
  Matrix x = kernel.words.matrix(e, "x"), y = kernel.words.matrix(e, "y");
  Value width = kernel.words.integer(e, "width");
  Element element(e, kernel.op, kernel.words);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Value in = x.row(e, m), out = y.row(e, m);
    e.loop(e.integer(0), width, lanes, [&](Value n) {
      emitStore(e, kernel.level, element(e, e.load(e.at(in, n)), m, n), y, out, n, e.sub(width, n));
    });
  });
}
