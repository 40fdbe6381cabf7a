#include "runtime/cpu/level.h"

#include <algorithm>
#include <cpuid.h>
#include <cstdlib>

namespace ptx {

namespace {

struct Features {
  bool avx2 = false, avx512 = false, avx512Bf16 = false;
};

uint64_t enabledState() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

Features detect() {
  Features features;
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return features;
  bool fma = c & bit_FMA, f16c = c & bit_F16C, saved = c & bit_OSXSAVE;
  if (!saved)
    return features;
  uint64_t state = enabledState();
  bool ymm = (state & 0x6) == 0x6, zmm = (state & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return features;
  features.avx2 = ymm && fma && f16c && (b & bit_AVX2);
  uint32_t needed = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
  features.avx512 = features.avx2 && zmm && (b & needed) == needed;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
    features.avx512Bf16 = features.avx512 && (a & bit_AVX512BF16);
  return features;
}

std::string join(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

} // namespace

const std::vector<std::string> &cpuLevels() {
  static const std::vector<std::string> levels = {"avx2", "avx512", "avx512_bf16"};
  return levels;
}

bool machineRuns(const std::string &level) {
  static const Features features = detect();
  return level == "avx512_bf16" ? features.avx512Bf16
         : level == "avx512"    ? features.avx512
                                : level == "avx2" && features.avx2;
}

Result<std::string> chooseLevel(const std::vector<std::string> &available, const std::string &wanted) {
  const char *environment = std::getenv("PTX_CPU_LEVEL");
  std::string forced = !wanted.empty() ? wanted : environment ? environment : "";
  auto has = [&](const std::string &level) {
    return std::find(available.begin(), available.end(), level) != available.end();
  };
  if (!forced.empty()) {
    if (!has(forced))
      return Error{"CPU level '" + forced + "' is not in the program, which has " + join(available)};
    if (!machineRuns(forced))
      return Error{"CPU level '" + forced + "' needs instructions this machine does not have"};
    return forced;
  }
  for (auto level = cpuLevels().rbegin(); level != cpuLevels().rend(); ++level)
    if (has(*level) && machineRuns(*level))
      return *level;
  return Error{"the program has kernels for " + join(available) + ", none of which this machine runs"};
}

} // namespace ptx
