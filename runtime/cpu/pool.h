// The worker pool: one fork-join at a time over numbered tiles.
//
// A tile is a pure piece of work, so who runs it cannot be seen in the result.
// Each worker has a home: tiles of the same place among all, region after
// region, so that what it wrote is mostly what it reads next and stays in its
// own cache. Who has no tile left takes over from another's home.
// A region is complete when every tile is done, never when every worker has
// come by: a worker that the scheduler has put aside takes nothing, and costs
// at most the one tile it may hold.
#ifndef PTX_RUNTIME_CPU_POOL_H
#define PTX_RUNTIME_CPU_POOL_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace ptx {

/// The threads that may run at once: the least of the affinity mask, the
/// cgroup's quota (rounded up) and `user` (0 = no wish). At least 1.
unsigned usableThreads(unsigned user);

class Pool {
public:
  /// Called once per tile; `worker` is below size() and no two tiles that run
  /// at the same time see the same one. Must not throw.
  using Tile = void (*)(void *context, uint32_t tile, unsigned worker);

  /// Whether regions leave out workers that were put aside lately, or use them
  /// because who calls has measured that it pays.
  enum class Trust : uint8_t { Judge, Always };

  /// Exactly `threads` workers, the caller of run() being one of them.
  explicit Pool(unsigned threads);
  /// Ends the workers. No run() may be in progress.
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  unsigned size() const { return threads; }

  /// Runs tiles 0..tiles-1 and returns when all are done. One tile, a call
  /// from inside a tile, a pool that another thread is using, and the child of
  /// a fork (which has none of the threads) run on the caller alone.
  /// Returns, for the trace, the nanoseconds the caller waited at the end.
  uint64_t run(uint32_t tiles, Tile tile, void *context, Trust trust = Trust::Judge);

  /// The same for a callable `f(tile, worker)`.
  template <typename F> uint64_t run(size_t tiles, F &&f, Trust trust = Trust::Judge) {
    using Callable = std::remove_reference_t<F>;
    return run(
        static_cast<uint32_t>(tiles),
        [](void *context, uint32_t tile, unsigned worker) { (*static_cast<Callable *>(context))(tile, worker); },
        const_cast<std::remove_const_t<Callable> *>(&f), trust);
  }

private:
  struct Region {
    Tile tile = nullptr;
    void *context = nullptr;
    uint32_t tiles = 0;
  };

  /// The tiles of one home that nobody took yet, [begin, end) in one word: the
  /// owner takes the first, others the last.
  struct alignas(64) Home {
    std::atomic<uint64_t> tiles{0};
  };

  static uint64_t runAlone(uint32_t tiles, Tile tile, void *context);
  void serve(unsigned worker);
  uint32_t work(unsigned worker);
  bool take(unsigned worker, uint32_t &tile);
  uint32_t awaitWork(uint32_t seen);
  void awaitEnd();
  uint64_t judge(uint64_t work_ns, uint32_t own_tiles, uint64_t end);

  const unsigned threads;
  const uint64_t born; // the count of forks when the threads were made
  std::mutex owner;    // held by the one run() that uses the workers
  Region region;       // written before the homes are filled, read after taking from one

  // Taking a tile is a compare-exchange, so whoever shrinks a home owns a tile
  // of the region that is published now, and that region stays published until
  // the tile is done.
  std::vector<Home> homes;                      // one per worker
  alignas(64) std::atomic<uint32_t> pending{0}; // tiles not yet done
  std::atomic<uint32_t> callerSleeps{0};
  alignas(64) std::atomic<uint32_t> signal{0}; // changes with each region
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> closing{false};

  uint64_t aloneUntil = 0; // back-off; guarded by `owner`
  uint64_t aloneFor = 0;

  // Leaked on purpose in the child of a fork: the threads are not there.
  std::unique_ptr<std::vector<std::thread>> workers;
};

} // namespace ptx

#endif // PTX_RUNTIME_CPU_POOL_H
