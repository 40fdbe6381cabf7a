// Races: who touched a cell of two bytes last, and whether a barrier stands between.
//
// Time is counted twice. The emulator's epoch grows at every barrier of a block
// and at the start of every block and launch; accesses of one block in different
// epochs are ordered, accesses of different blocks of one launch never are. The
// time of a warp grows whenever lanes of it meet (shuffle, vote, bar.warp.sync);
// each lane knows up to which time it has seen every other lane.
#ifndef PTX_RUNTIME_EMULATOR_RACES_H
#define PTX_RUNTIME_EMULATOR_RACES_H

#include <array>
#include <cstdint>

namespace ptx::emulator {

/// What is remembered of two bytes, the least that kernels access. All zero: never touched.
struct Cell {
  static constexpr uint64_t bytes = 2;
  static constexpr uint16_t several = 0xFFFF; // threads that wrote, or warps that read, in the same epoch

  uint32_t writeEpoch, writeTime;
  uint32_t readEpoch, readTime, readLanes;
  uint16_t writer, readWarp;
  uint32_t atomicWrite;  // whether the last write was atomic
  uint32_t othersAtomic; // launch (its first epoch) in which another block wrote atomically too
  uint32_t othersRead;   // launch in which another block read
};

/// The accessing thread's place in both times.
struct Moment {
  uint32_t epoch;
  uint32_t blockStart;  // the first epoch of its block
  uint32_t launchStart; // of its launch; of shared memory, which no other block sees, its block again
  uint32_t time;        // of its warp
  uint16_t thread;
  const std::array<uint32_t, 32> *known; // by lane
};

/// The other access of a race.
struct Conflict {
  bool found = false;
  bool wrote = false;
  bool otherBlock = false;
  uint32_t epoch = 0;
  uint16_t thread = Cell::several;
};

/// Records the access, and says which earlier one it races with.
Conflict recordRead(Cell &cell, const Moment &now, bool atomic);
Conflict recordWrite(Cell &cell, const Moment &now, bool atomic);

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_RACES_H
