// The emulator as a target: the GPU kernels of the CUDA target, retargeted to
// the host after the NVPTX side has optimised them.
#ifndef PTX_PASSES_TARGET_EMULATOR_EMULATORTARGET_H
#define PTX_PASSES_TARGET_EMULATOR_EMULATORTARGET_H

#include "passes/Target/Target.h"

namespace ptx::emulator {

const Target &target();

} // namespace ptx::emulator

#endif // PTX_PASSES_TARGET_EMULATOR_EMULATORTARGET_H
