// Which kernels this machine runs, by CPUID and the state the system saves,
// never by the processor's name.
#ifndef PTX_RUNTIME_CPU_LEVEL_H
#define PTX_RUNTIME_CPU_LEVEL_H

#include "runtime/io/result.h"

#include <string>
#include <vector>

namespace ptx {

/// Levels from low to high: "avx2", "avx512", "avx512_bf16".
const std::vector<std::string> &cpuLevels();
bool machineRuns(const std::string &level);

/// The best of `available` that runs here; `wanted` (may be empty) forces a
/// lower one, and so does the environment variable PTX_CPU_LEVEL.
Result<std::string> chooseLevel(const std::vector<std::string> &available, const std::string &wanted);

} // namespace ptx

#endif // PTX_RUNTIME_CPU_LEVEL_H
