// The machine's own limits, probed: what a benchmark is compared with.
#ifndef PTX_RUNTIME_CPU_ROOF_H
#define PTX_RUNTIME_CPU_ROOF_H

#include "runtime/cpu/pool.h"

#include <cstdint>
#include <string>

namespace ptx {

/// FLOP/s of all workers of the pool on fused multiply-adds of `level`'s width,
/// or on dot products of pairs where the level has them.
double probeArithmetic(Pool &pool, const std::string &level);

/// Bytes per second that all workers of the pool together read of `bytes` bytes,
/// over and over: what caches and memory give to a call that touches so much.
/// At most 512 MiB are tried; 0 where there is no memory for it.
double probeReading(Pool &pool, const std::string &level, uint64_t bytes);

} // namespace ptx

#endif // PTX_RUNTIME_CPU_ROOF_H
