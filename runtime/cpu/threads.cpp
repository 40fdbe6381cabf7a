// How many threads may run at once in this process.
#include "runtime/cpu/pool.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>
#include <sched.h>
#include <string>

namespace ptx {
namespace {

unsigned affinityCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  // More CPUs than a cpu_set_t holds: the library's own count is good enough.
  return std::max(1u, std::thread::hardware_concurrency());
}

unsigned ceiling(long long quota, long long period) {
  if (quota <= 0 || period <= 0)
    return UINT_MAX;
  return static_cast<unsigned>(std::clamp<long long>((quota + period - 1) / period, 1, UINT_MAX));
}

/// cgroup v2: "max 100000" or "150000 100000" in cpu.max of the group and of
/// every group above it; the least quota counts.
unsigned quotaOf(const std::string &path) {
  std::FILE *file = std::fopen(path.c_str(), "re");
  if (!file)
    return UINT_MAX;
  long long quota = 0, period = 0;
  unsigned count = std::fscanf(file, "%lld %lld", &quota, &period) == 2 ? ceiling(quota, period) : UINT_MAX;
  std::fclose(file);
  return count;
}

std::string ownGroup() {
  std::FILE *file = std::fopen("/proc/self/cgroup", "re");
  if (!file)
    return "";
  char line[4096];
  std::string group;
  while (std::fgets(line, sizeof line, file))
    if (std::strncmp(line, "0::", 3) == 0)
      group.assign(line + 3, std::strcspn(line + 3, "\n"));
  std::fclose(file);
  return group;
}

long long readNumber(const char *path) {
  std::FILE *file = std::fopen(path, "re");
  long long value = -1;
  if (file) {
    if (std::fscanf(file, "%lld", &value) != 1)
      value = -1;
    std::fclose(file);
  }
  return value;
}

unsigned quotaCount() {
  unsigned count = UINT_MAX;
  std::string group = ownGroup();
  while (true) {
    count = std::min(count, quotaOf("/sys/fs/cgroup" + group + "/cpu.max"));
    size_t slash = group.rfind('/');
    if (slash == std::string::npos)
      break;
    group.resize(slash);
  }
  // cgroup v1, as containers mount it.
  return std::min(count, ceiling(readNumber("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
                                 readNumber("/sys/fs/cgroup/cpu/cpu.cfs_period_us")));
}

} // namespace

unsigned usableThreads(unsigned user) {
  unsigned count = std::min(affinityCount(), quotaCount());
  return user ? std::min(count, user) : count;
}

} // namespace ptx
