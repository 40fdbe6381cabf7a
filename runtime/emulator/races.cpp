#include "runtime/emulator/races.h"

#include <bit>

namespace ptx::emulator {

static bool byOtherBlock(uint32_t epoch, const Moment &now) {
  return epoch >= now.launchStart && epoch < now.blockStart;
}

// Whether this thread has met lane `lane` of its warp since `time`.
static bool met(const Moment &now, uint32_t lane, uint32_t time) { return (*now.known)[lane] >= time; }

// The earlier write of a cell that `now` is not ordered after.
static Conflict unorderedWrite(const Cell &cell, const Moment &now, bool atomic) {
  if (cell.othersAtomic == now.launchStart && !atomic)
    return {true, true, true, 0, Cell::several};
  if (atomic && cell.atomicWrite)
    return {};
  if (byOtherBlock(cell.writeEpoch, now))
    return {true, true, true, cell.writeEpoch, cell.writer};
  if (cell.writeEpoch != now.epoch || cell.writer == now.thread)
    return {};
  bool sameWarp = cell.writer != Cell::several && cell.writer / 32 == now.thread / 32;
  if (sameWarp && met(now, cell.writer % 32, cell.writeTime))
    return {};
  return {true, true, false, cell.writeEpoch, cell.writer};
}

// The earlier read of a cell that `now` is not ordered after.
static Conflict unorderedRead(const Cell &cell, const Moment &now) {
  if (cell.othersRead == now.launchStart || byOtherBlock(cell.readEpoch, now))
    return {true, false, true, byOtherBlock(cell.readEpoch, now) ? cell.readEpoch : 0, Cell::several};
  if (cell.readEpoch != now.epoch)
    return {};
  if (cell.readWarp != now.thread / 32) {
    bool one = cell.readWarp != Cell::several;
    auto reader = one ? static_cast<uint16_t>(cell.readWarp * 32 + std::countr_zero(cell.readLanes)) : Cell::several;
    return {true, false, false, cell.readEpoch, reader};
  }
  for (uint32_t lanes = cell.readLanes & ~(1u << now.thread % 32); lanes; lanes &= lanes - 1)
    if (uint32_t lane = std::countr_zero(lanes); !met(now, lane, cell.readTime))
      return {true, false, false, cell.readEpoch, static_cast<uint16_t>(cell.readWarp * 32 + lane)};
  return {};
}

static void remember(Cell &cell, const Moment &now) {
  uint16_t warp = now.thread / 32;
  uint32_t lane = 1u << now.thread % 32;
  if (cell.readEpoch == now.epoch) {
    if (cell.readWarp != warp) {
      cell.readWarp = Cell::several;
      return;
    }
    // Readers this one is ordered after need no longer be remembered: who is
    // ordered after this one is ordered after them. Nobody is, of those at the
    // same time: the common case.
    uint32_t unordered = cell.readLanes;
    if (cell.readTime != now.time)
      for (uint32_t lanes = cell.readLanes; lanes; lanes &= lanes - 1)
        if (met(now, std::countr_zero(lanes), cell.readTime))
          unordered &= ~(lanes & -lanes);
    cell.readLanes = unordered | lane;
    cell.readTime = now.time;
    return;
  }
  if (byOtherBlock(cell.readEpoch, now))
    cell.othersRead = now.launchStart;
  cell.readEpoch = now.epoch;
  cell.readWarp = warp;
  cell.readLanes = lane;
  cell.readTime = now.time;
}

Conflict recordRead(Cell &cell, const Moment &now, bool atomic) {
  Conflict conflict = unorderedWrite(cell, now, atomic);
  // An atomic read orders itself with atomic writes, and plain writes see the atomic ones.
  if (!atomic)
    remember(cell, now);
  return conflict;
}

Conflict recordWrite(Cell &cell, const Moment &now, bool atomic) {
  Conflict conflict = unorderedWrite(cell, now, atomic);
  if (!conflict.found)
    conflict = unorderedRead(cell, now);
  if (byOtherBlock(cell.writeEpoch, now))
    cell.othersAtomic = now.launchStart;
  bool another = cell.writeEpoch == now.epoch && cell.writer != now.thread && atomic && cell.atomicWrite;
  cell.writer = another ? Cell::several : now.thread;
  cell.writeEpoch = now.epoch;
  cell.writeTime = now.time;
  cell.atomicWrite = atomic;
  return conflict;
}

} // namespace ptx::emulator
