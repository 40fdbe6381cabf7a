// The targets that ptx comes with.
#include "passes/Target/CPU/CpuTarget.h"
#include "passes/Target/Reference/ReferenceTarget.h"
#include "passes/Target/Target.h"

void ptx::registerAllTargets() {
  if (!targets().empty())
    return;
  registerTarget(cpu::target());
  registerTarget(reference::target());
}
