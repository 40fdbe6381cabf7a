// y[m,n] = region(x[m,n], extras...)
#include "passes/Target/CPU/Generators.h"

using namespace ptx::cpu;

void ptx::cpu::emitMap(Emit &e, const Kernel &kernel) {
  Matrix x{e.pointerWord(kernel.args, 0), e.word(kernel.args, 1)};
  Matrix y{e.pointerWord(kernel.args, 2), e.word(kernel.args, 3)};
  Value width = e.word(kernel.args, 4);
  Element element(e, kernel.op, kernel.args, 5);
  e.loop(kernel.r0, kernel.r1, 1, [&](Value m) {
    Value in = x.row(e, m), out = y.row(e, m);
    e.loop(e.integer(0), width, lanes,
           [&](Value n) { e.store(element(e, e.load(e.at(in, n)), m, n), e.at(out, n), e.sub(width, n)); });
  });
}
