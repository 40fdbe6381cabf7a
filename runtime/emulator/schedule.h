// Which thread of a block runs next.
#ifndef PTX_RUNTIME_EMULATOR_SCHEDULE_H
#define PTX_RUNTIME_EMULATOR_SCHEDULE_H

#include "runtime/emulator/emulator.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ptx::emulator {

/// Numbers that depend on the seed alone (SplitMix64).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next();
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

private:
  uint64_t state;
};

/// Threads are ranked by the schedule; the ready ones are bits in order of rank.
class Scheduler {
public:
  static constexpr uint32_t maxThreads = 1024;

  Scheduler(Schedule schedule, uint64_t seed);
  /// A new block, of which every thread is ready.
  void begin(uint32_t threads);
  /// The blocks of a launch in the order they run.
  std::vector<uint64_t> blockOrder(uint64_t blocks);

  void ready(uint32_t thread) { bits[ranks[thread] / 64] |= uint64_t{1} << ranks[thread] % 64; }
  /// The next thread, which is then no longer ready; -1 when none is.
  int next();
  /// A thread that runs lets others go first.
  void yield(uint32_t thread);
  /// Threads of the block met at a barrier.
  void atBarrier();
  /// How many steps a thread runs before it must yield.
  uint32_t slice();

private:
  void rank();

  Schedule schedule;
  Random random;
  uint32_t count = 0;
  uint32_t cursor = 0;
  std::array<uint64_t, maxThreads / 64> bits{};
  std::vector<uint32_t> order; // thread by rank
  std::vector<uint32_t> ranks; // rank by thread
};

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_SCHEDULE_H
