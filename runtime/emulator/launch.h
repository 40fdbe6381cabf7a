// One launch while it runs: blocks one after the other, the threads of each on
// fibers. The hooks a kernel calls arrive here.
#ifndef PTX_RUNTIME_EMULATOR_LAUNCH_H
#define PTX_RUNTIME_EMULATOR_LAUNCH_H

#include "runtime/emulator/emulator.h"
#include "runtime/emulator/fiber.h"
#include "runtime/emulator/memory.h"
#include "runtime/emulator/schedule.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

namespace ptx::emulator {

constexpr uint32_t warpSize = 32;
constexpr uint32_t barriers = 16; // named barriers of a block
/// Site of what happens between instructions.
constexpr uint32_t noSite = ~0u;

/// What a thread waits for, or that it no longer runs.
enum class Wait : uint8_t { None, Barrier, Shuffle, Vote, WarpBarrier, Mma, Exited };

/// What a lane has of the matrices of an mma.
struct Fragment {
  std::array<uint32_t, 4> a{};
  std::array<uint32_t, 2> b{};
  std::array<float, 4> sums{};
};

/// A cp.async between its issue and its delivery.
struct PendingCopy {
  uint64_t to;
  uint32_t bytes;
  uint32_t group;
  std::array<char, 16> data;
};

struct Thread {
  void *stack = nullptr; // where its fiber was left
  uint32_t index = 0;
  uint32_t x = 0, y = 0, z = 0;
  uint32_t site = noSite; // of its latest hook
  // The wait, and the operands of the exchange it waits in.
  Wait wait = Wait::None;
  uint32_t id = 0; // of the barrier; mode of a shuffle or vote; type of an mma
  uint32_t mask = 0, value = 0, lane = 0, clamp = 0;
  uint64_t result = 0;
  Fragment fragment;                      // of an mma
  std::array<uint32_t, warpSize> known{}; // see races.h
  std::vector<PendingCopy> copies;
  uint32_t groups = 0; // committed ones
};

/// Lanes of a warp that wait for each other.
struct Meeting {
  Wait kind;
  uint32_t mode, mask;
  uint32_t here; // those that have come
};

struct Warp {
  uint32_t time = 1;             // see races.h
  uint32_t barrierSite = noSite; // where those of its threads wait that wait at an aligned barrier
  std::vector<Meeting> meetings; // no two with the same mask
};

/// What the emulator keeps from launch to launch.
struct Machine {
  Options options;
  std::unique_ptr<Memory> memory;
  Stacks stacks;
  uint64_t shared = 0; // the one block's shared memory
  uint32_t epoch = 1;
};
constexpr size_t maxSharedBytes = 228 << 10;

class Launch {
public:
  Launch(Machine &machine, const Grid &grid);
  Status run();

  // Hooks, on a thread's fiber.
  void access(uint64_t address, uint32_t bytes, uint32_t flags, uint32_t site);
  void accessMany(uint64_t address, uint64_t bytes, bool writes, uint32_t site);
  void copyAsync(uint32_t bytes, uint64_t to, uint64_t from, uint32_t sourceBytes, uint32_t site);
  void commitCopies() { ++thread->groups; }
  void waitCopies(uint32_t groupsLeft);
  void barrier(bool aligned, uint32_t id, uint32_t count, uint32_t site);
  uint64_t meet(Wait kind, uint32_t mode, uint32_t mask, uint32_t value, uint32_t lane, uint32_t clamp, uint32_t site);
  void mma(Factor type, const Fragment &fragment, uint32_t site);
  float mmaSum(uint32_t index) const { return thread->fragment.sums[index]; }
  uint32_t specialRegister(Register which) const;
  uint64_t sharedBase() const { return machine.shared; }
  [[noreturn]] void exitThread();
  [[noreturn]] void trap(uint32_t site);
  /// Counts work at a site; may let other threads run.
  void step(uint32_t site) {
    thread->site = site;
    if (--slice == 0)
      endSlice();
  }

private:
  // launch.cpp
  Status checkGrid() const;
  Status openRanges();
  void closeRanges();
  void beginBlock(uint64_t number);
  void runBlock(uint64_t number);
  static void enterThread();
  void suspend();
  void endSlice();
  void nextEpoch() { moment.epoch = ++machine.epoch; }

  // access.cpp
  void accessElsewhere(uint64_t address, uint32_t bytes, uint32_t flags);
  void explainAccess(uint64_t address, uint32_t bytes, uint32_t flags);
  void recordAccess(uint64_t address, uint32_t bytes, uint32_t flags);
  void explainConflict(uint64_t address, uint32_t bytes, uint32_t flags, const Conflict &conflict);
  bool isShared(uint64_t address) const { return address - machine.shared < sharedBytes; }
  Moment now(bool shared) const;

  // meet.cpp
  void checkMask(Wait kind, uint32_t mode, uint32_t mask);
  Meeting &join(Wait kind, uint32_t mode, uint32_t mask);
  void exchange(uint32_t mask);
  uint64_t shuffleResult(const Thread &reader);
  uint64_t voteResult(const Thread &voter, uint32_t mask) const;
  void multiply(Factor type);
  void releaseBarrier(uint32_t id);
  Warp &warp() { return warps[thread->index / warpSize]; }
  Thread &lane(uint32_t lane) { return threads[thread->index / warpSize * warpSize + lane]; }

  // report.cpp. A fault is reported, and then the fiber abandoned: two steps, so
  // that no string is left behind on its stack.
  void report(const std::string &what);
  [[noreturn]] void abandon();
  void reportDeadlock();
  std::string nameAddress(uint64_t address) const;
  std::string nameThread(uint32_t index) const;
  std::string nameBlock(uint64_t number) const;
  std::string place(uint32_t site) const;

  Machine &machine;
  Memory &memory;
  const Grid &grid;
  const KernelInfo &kernel;
  Scheduler scheduler;
  uint8_t readNeeds, writeNeeds; // state of a byte that may be read, or written
  uint8_t tracked;               // state of a byte whose races are looked for

  std::vector<Thread> threads;
  Thread *thread = nullptr;   // that runs
  void *scheduling = nullptr; // where the scheduler waits for it
  uint32_t slice = 1;         // steps until it yields
  uint64_t steps = 0;         // granted so far
  uint64_t block = 0;
  uint64_t sharedBytes = 0;
  uint32_t alive = 0;
  std::array<uint32_t, barriers> arrived{};
  std::vector<Warp> warps;
  Moment moment{};                                        // of the block; now() adds the thread's part
  std::vector<std::pair<uint32_t, uint64_t>> blockStarts; // first epoch and number of each block that ran
  std::string failure;
};

/// The launch on this OS thread.
extern thread_local Launch *current __attribute__((tls_model("initial-exec")));

// The common case of an access, in line: aligned, in device memory, allowed.
inline void Launch::access(uint64_t address, uint32_t bytes, uint32_t flags, uint32_t site) {
  step(site);
  bool writes = flags & accessWrites;
  if (!memory.contains(address, bytes))
    return accessElsewhere(address, bytes, flags);
  uint8_t *state = memory.state(address);
  uint8_t needs = writes ? writeNeeds : readNeeds;
  bool allowed = (address & ((uint64_t{1} << (flags >> accessAlignShift)) - 1)) == 0;
  if (bytes == 4) {
    uint32_t all;
    std::memcpy(&all, state, 4);
    allowed &= (all & (needs | bytePending) * 0x01010101u) == needs * 0x01010101u;
  } else {
    for (uint32_t i = 0; i < bytes; ++i)
      allowed &= (state[i] & (needs | bytePending)) == needs;
  }
  if (!allowed) {
    explainAccess(address, bytes, flags);
    abandon();
  }
  if (*state & tracked)
    recordAccess(address, bytes, flags);
}

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_LAUNCH_H
