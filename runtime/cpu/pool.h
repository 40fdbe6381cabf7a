// The worker pool: one fork-join per launch.
//
// A region is done when all tiles are done, not when all workers have come: a
// worker the system has put aside takes no tile and delays nobody. Waiting
// spins for a bounded time, then sleeps; an idle pool uses no CPU.
#ifndef PTX_RUNTIME_CPU_POOL_H
#define PTX_RUNTIME_CPU_POOL_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace ptx {

/// Runs tile `index` as worker `worker` (0 is the caller).
using TileFunction = std::function<void(size_t index, size_t worker)>;

class Pool {
public:
  /// `threads` = 0: as many as the affinity mask and the cgroup quota allow.
  explicit Pool(size_t threads);
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  /// Workers, the caller included.
  size_t size() const { return workers.size() + 1; }

  /// Runs all tiles and returns when they are done. One caller at a time;
  /// a call from inside a tile runs its tiles inline.
  void run(size_t tiles, const TileFunction &function);

private:
  void work(size_t worker);
  void take(uint32_t region, size_t worker);
  void wake();

  std::vector<std::thread> workers;
  // Region number in the high half, next tile in the low half: a late worker
  // cannot take a tile of a region it has not seen.
  std::atomic<uint64_t> next{0};
  std::atomic<size_t> done{0};
  std::atomic<uint32_t> region{0}; // futex word of the workers
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  std::atomic<size_t> tileCount{0};
  std::atomic<const TileFunction *> current{nullptr};
  std::atomic<size_t> inside{0}; // workers that hold `current`
  uint64_t aloneUntil = 0;       // back-off: nanoseconds of the steady clock
};

/// min(affinity mask, cgroup CPU quota), at least 1.
size_t usableProcessors();

} // namespace ptx

#endif // PTX_RUNTIME_CPU_POOL_H
