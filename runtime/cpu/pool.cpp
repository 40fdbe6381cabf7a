#include "runtime/cpu/pool.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace ptx {
namespace {

// Long enough to bridge two regions of one call, short enough that an idle
// process shows no load.
constexpr uint64_t spin_ns = 40'000;
// The scheduler's slice is a few ms; each failure in a row doubles the pause.
constexpr uint64_t first_pause_ns = 4'000'000;
constexpr uint64_t longest_pause_ns = 256'000'000;
// Below this a wait at the end is wake-up noise, not a worker put aside.
constexpr uint64_t tolerated_wait_ns = 200'000;

std::atomic<uint64_t> forks{0};
thread_local bool insideTile = false;

uint64_t nowNs() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futexWake(std::atomic<uint32_t> &word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

uint64_t countForks() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); }); });
  return forks.load(std::memory_order_relaxed);
}

} // namespace

Pool::Pool(unsigned wanted)
    : threads(std::max(1u, wanted)), born(countForks()), homes(threads),
      workers(std::make_unique<std::vector<std::thread>>()) {
  workers->reserve(threads - 1);
  // A process at its limit of threads gets a smaller pool, not a failure:
  // fewer workers change the time, never the bytes.
  try {
    while (workers->size() + 1 < threads)
      workers->emplace_back([this, i = static_cast<unsigned>(workers->size() + 1)] { serve(i); });
  } catch (const std::system_error &) { // NOLINT(bugprone-empty-catch)
  }
}

Pool::~Pool() {
  if (born != forks.load(std::memory_order_relaxed)) {
    static_cast<void>(workers.release());
    return;
  }
  closing.store(true, std::memory_order_seq_cst);
  signal.fetch_add(1, std::memory_order_seq_cst);
  futexWake(signal, INT_MAX);
  for (std::thread &worker : *workers)
    worker.join();
}

uint64_t Pool::runAlone(uint32_t tiles, Tile tile, void *context) {
  for (uint32_t i = 0; i < tiles; ++i)
    tile(context, i, 0);
  return 0;
}

uint64_t Pool::run(uint32_t tiles, Tile tile, void *context, Trust trust) {
  if (tiles <= 1 || workers->empty() || insideTile || born != forks.load(std::memory_order_relaxed))
    return runAlone(tiles, tile, context);
  std::unique_lock<std::mutex> lock(owner, std::try_to_lock);
  if (!lock)
    return runAlone(tiles, tile, context);
  uint64_t start = nowNs();
  if (trust == Trust::Judge && start < aloneUntil)
    return runAlone(tiles, tile, context);

  region = {tile, context, tiles};
  pending.store(tiles, std::memory_order_relaxed);
  // Rounded up: with fewer tiles than workers, the caller has one.
  auto homeOf = [&](uint64_t worker) { return (worker * tiles + threads - 1) / threads; };
  for (unsigned worker = 0; worker < threads; ++worker)
    homes[worker].tiles.store(homeOf(worker) | homeOf(worker + 1) << 32, std::memory_order_release);
  signal.fetch_add(1, std::memory_order_seq_cst);
  if (uint32_t asleep = sleepers.load(std::memory_order_seq_cst))
    futexWake(signal, static_cast<int>(std::min(asleep, tiles - 1)));

  uint32_t own = work(0);
  uint64_t worked = nowNs();
  awaitEnd();
  if (trust == Trust::Always)
    return nowNs() - worked;
  return judge(worked - start, own, worked);
}

/// Was a worker put aside while it held a tile? Then the next regions run on
/// the caller alone for a while: with a neighbour on the core, two threads
/// that wait for each other are slower than one.
uint64_t Pool::judge(uint64_t work_ns, uint32_t own_tiles, uint64_t end) {
  uint64_t now = nowNs();
  uint64_t waited = now - end;
  uint64_t tile_ns = work_ns / std::max(1u, own_tiles);
  if (waited <= std::max(2 * tile_ns, tolerated_wait_ns)) {
    aloneFor = 0;
    return waited;
  }
  aloneFor = std::clamp(2 * aloneFor, first_pause_ns, longest_pause_ns);
  aloneUntil = now + aloneFor;
  return waited;
}

/// The next tile at home, or the last one of the nearest home that has any.
bool Pool::take(unsigned worker, uint32_t &tile) {
  for (unsigned i = 0; i < threads; ++i) {
    std::atomic<uint64_t> &tiles = homes[(worker + i) % threads].tiles;
    uint64_t window = tiles.load(std::memory_order_relaxed);
    for (;;) {
      uint32_t begin = static_cast<uint32_t>(window), end = static_cast<uint32_t>(window >> 32);
      if (begin == end)
        break;
      uint64_t rest = i == 0 ? window + 1 : window - (uint64_t{1} << 32);
      if (!tiles.compare_exchange_weak(window, rest, std::memory_order_acquire, std::memory_order_relaxed))
        continue;
      tile = i == 0 ? begin : end - 1;
      return true;
    }
  }
  return false;
}

/// Runs tiles until none is left to take; returns how many it ran.
uint32_t Pool::work(unsigned worker) {
  uint32_t ran = 0;
  insideTile = true;
  for (uint32_t tile = 0; take(worker, tile); ++ran) {
    region.tile(region.context, tile, worker);
    if (pending.fetch_sub(1, std::memory_order_seq_cst) == 1 && callerSleeps.load(std::memory_order_seq_cst))
      futexWake(pending, 1);
  }
  insideTile = false;
  return ran;
}

void Pool::awaitEnd() {
  uint64_t limit = 0;
  for (unsigned i = 0; pending.load(std::memory_order_acquire) != 0; ++i) {
    relax();
    if (i % 64 != 63)
      continue;
    uint64_t now = nowNs();
    if (limit == 0)
      limit = now + spin_ns;
    if (now < limit)
      continue;
    callerSleeps.store(1, std::memory_order_seq_cst);
    while (uint32_t count = pending.load(std::memory_order_seq_cst))
      futexWait(pending, count);
    callerSleeps.store(0, std::memory_order_relaxed);
    return;
  }
}

/// Waits for a region after the one that was seen last, or for the end.
uint32_t Pool::awaitWork(uint32_t seen) {
  uint64_t limit = 0;
  for (unsigned i = 0;; ++i) {
    uint32_t now = signal.load(std::memory_order_seq_cst);
    if (now != seen)
      return now;
    relax();
    if (i % 64 != 63)
      continue;
    uint64_t time = nowNs();
    if (limit == 0)
      limit = time + spin_ns;
    if (time < limit)
      continue;
    // Counted as asleep first: either the caller sees the sleeper and wakes
    // it, or the sleeper sees the new signal and does not sleep.
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    futexWait(signal, seen);
    sleepers.fetch_sub(1, std::memory_order_seq_cst);
  }
}

void Pool::serve(unsigned worker) {
  uint32_t seen = 0;
  while (!closing.load(std::memory_order_relaxed)) {
    work(worker);
    seen = awaitWork(seen);
  }
}

} // namespace ptx
