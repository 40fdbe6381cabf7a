#include "runtime/cpu/pool.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ptx {

namespace {

constexpr uint64_t spinNanoseconds = 40'000;
// A join that waits this long means that a worker lost its processor.
constexpr uint64_t stallNanoseconds = 1'000'000, aloneNanoseconds = 4'000'000;

uint64_t now() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futexWakeAll(std::atomic<uint32_t> &word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1 << 30, nullptr, nullptr, 0);
}

thread_local bool insideTile = false;

/// Whole processors that the cgroup's quota allows; 0 where there is none.
size_t cgroupQuota() {
  std::FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!file)
    return 0;
  double quota = 0, period = 0;
  int read = std::fscanf(file, "%lf %lf", &quota, &period);
  std::fclose(file);
  return read == 2 && period > 0 ? static_cast<size_t>(std::ceil(quota / period)) : 0;
}

} // namespace

size_t usableProcessors() {
  cpu_set_t mask;
  size_t count = 1;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    count = std::max(1, CPU_COUNT(&mask));
  if (size_t quota = cgroupQuota())
    count = std::min(count, quota);
  return count;
}

Pool::Pool(size_t threads) {
  size_t count = threads ? threads : usableProcessors();
  for (size_t worker = 1; worker < count; ++worker)
    workers.emplace_back([this, worker] { work(worker); });
}

Pool::~Pool() {
  stopping.store(true);
  region.fetch_add(1);
  futexWakeAll(region);
  for (std::thread &worker : workers)
    worker.join();
}

/// Takes tiles of a region until none is left.
void Pool::take(uint32_t mine, size_t worker) {
  const TileFunction *function = current.load();
  size_t count = tileCount.load();
  for (;;) {
    uint64_t ticket = next.load();
    if (static_cast<uint32_t>(ticket >> 32) != mine || (ticket & 0xffffffffu) >= count)
      return;
    if (!next.compare_exchange_weak(ticket, ticket + 1))
      continue;
    insideTile = true;
    (*function)(ticket & 0xffffffffu, worker);
    insideTile = false;
    done.fetch_add(1);
  }
}

void Pool::run(size_t tiles, const TileFunction &function) {
  if (tiles == 0)
    return;
  if (tiles == 1 || workers.empty() || insideTile || now() < aloneUntil) {
    bool nested = insideTile;
    insideTile = true;
    for (size_t i = 0; i < tiles; ++i)
      function(i, 0);
    insideTile = nested;
    return;
  }
  // A worker that came late to the last region may still look at its fields.
  while (inside.load() != 0)
    __builtin_ia32_pause();
  uint32_t mine = region.load() + 1;
  done.store(0);
  tileCount.store(tiles);
  current.store(&function);
  next.store(static_cast<uint64_t>(mine) << 32);
  region.store(mine);
  wake();
  take(mine, 0);

  uint64_t start = now();
  while (done.load() != tiles)
    __builtin_ia32_pause();
  if (now() - start > stallNanoseconds)
    aloneUntil = now() + aloneNanoseconds;
}

void Pool::wake() {
  if (sleepers.load() != 0)
    futexWakeAll(region);
}

void Pool::work(size_t worker) {
  uint32_t seen = 0;
  while (!stopping.load()) {
    uint64_t start = now();
    while (region.load() == seen && now() - start < spinNanoseconds)
      __builtin_ia32_pause();
    if (region.load() == seen) {
      sleepers.fetch_add(1);
      futexWait(region, seen);
      sleepers.fetch_sub(1);
      continue;
    }
    inside.fetch_add(1);
    seen = region.load();
    if (!stopping.load())
      take(seen, worker);
    inside.fetch_sub(1);
  }
}

} // namespace ptx
