// The table of hooks that loaded kernels call.
#ifndef PTX_RUNTIME_EMULATOR_TABLE_H
#define PTX_RUNTIME_EMULATOR_TABLE_H

#include "runtime/emulator/hooks.h"

namespace ptx::emulator {

extern const Hooks hookTable;

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_TABLE_H
