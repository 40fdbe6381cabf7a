// The machine's own limit, probed: what a benchmark is compared with.
#ifndef PTX_RUNTIME_CPU_ROOF_H
#define PTX_RUNTIME_CPU_ROOF_H

#include "runtime/cpu/pool.h"

#include <string>

namespace ptx {

/// FLOP/s of all workers of the pool on fused multiply-adds of `level`'s width.
double probeRoof(Pool &pool, const std::string &level);

} // namespace ptx

#endif // PTX_RUNTIME_CPU_ROOF_H
