// How many threads may run at once in this process.
#include "runtime/cpu/pool.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <fstream>
#include <sched.h>
#include <string>
#include <vector>

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

unsigned ceiling(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0)
    return UINT_MAX;
  return static_cast<unsigned>(std::clamp<int64_t>((quota + period - 1) / period, 1, UINT_MAX));
}

/// The numbers that a file's first line begins with; none where there is no file.
std::vector<int64_t> readNumbers(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::vector<int64_t> numbers;
  const char *from = line.data(), *end = from + line.size();
  int64_t number = 0;
  for (auto read = std::from_chars(from, end, number); read.ec == std::errc();
       read = std::from_chars(from, end, number)) {
    numbers.push_back(number);
    from = std::find_if_not(read.ptr, end, [](char c) { return c == ' '; });
  }
  return numbers;
}

/// cgroup v2: "max 100000" or "150000 100000" in cpu.max of the group and of
/// every group above it; the least quota counts.
unsigned quotaOf(const std::string &path) {
  std::vector<int64_t> numbers = readNumbers(path);
  return numbers.size() == 2 ? ceiling(numbers[0], numbers[1]) : UINT_MAX;
}

std::string ownGroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::"))
      return line.substr(3);
  return "";
}

/// cgroup v1, as containers mount it.
unsigned oldQuota() {
  std::vector<int64_t> quota = readNumbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
                       period = readNumbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return quota.size() == 1 && period.size() == 1 ? ceiling(quota[0], period[0]) : UINT_MAX;
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
  return std::min(count, oldQuota());
}

} // namespace

unsigned usableThreads(unsigned user) {
  unsigned count = std::min(affinityCount(), quotaCount());
  return user ? std::min(count, user) : count;
}

} // namespace ptx
