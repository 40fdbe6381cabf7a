// The targets that ptx comes with.
#include "passes/Target/CPU/CpuTarget.h"
#include "passes/Target/CUDA/CudaTarget.h"
#include "passes/Target/Emulator/EmulatorTarget.h"
#include "passes/Target/Reference/ReferenceTarget.h"
#include "passes/Target/Target.h"

void ptx::registerAllTargets() {
  if (!targets().empty())
    return;
  registerTarget(cpu::target());
  registerTarget(cuda::target());
  registerTarget(emulator::target());
  registerTarget(reference::target());
}
