#include "runtime/emulator/races.h"

#include <bit>

namespace ptx::emulator {

static bool byOtherBlock(uint32_t epoch, const Moment &now) {
  return epoch >= now.launchStart && epoch < now.blockStart;
}

// Whether this thread has met lane `lane` of its warp since `time`.
static bool met(const Moment &now, uint32_t lane, uint32_t time) { return (*now.known)[lane] >= time; }

// The earlier write of a word that `now` is not ordered after.
static Conflict unorderedWrite(const Word &word, const Moment &now, bool atomic) {
  if (word.othersAtomic == now.launchStart && !atomic)
    return {true, true, true, 0, Word::several};
  if (atomic && word.atomicWrite)
    return {};
  if (byOtherBlock(word.writeEpoch, now))
    return {true, true, true, word.writeEpoch, word.writer};
  if (word.writeEpoch != now.epoch || word.writer == now.thread)
    return {};
  bool sameWarp = word.writer != Word::several && word.writer / 32 == now.thread / 32;
  if (sameWarp && met(now, word.writer % 32, word.writeTime))
    return {};
  return {true, true, false, word.writeEpoch, word.writer};
}

// The earlier read of a word that `now` is not ordered after.
static Conflict unorderedRead(const Word &word, const Moment &now) {
  if (word.othersRead == now.launchStart || byOtherBlock(word.readEpoch, now))
    return {true, false, true, byOtherBlock(word.readEpoch, now) ? word.readEpoch : 0, Word::several};
  if (word.readEpoch != now.epoch)
    return {};
  if (word.readWarp != now.thread / 32) {
    bool one = word.readWarp != Word::several;
    auto reader = one ? static_cast<uint16_t>(word.readWarp * 32 + std::countr_zero(word.readLanes)) : Word::several;
    return {true, false, false, word.readEpoch, reader};
  }
  for (uint32_t lanes = word.readLanes & ~(1u << now.thread % 32); lanes; lanes &= lanes - 1)
    if (uint32_t lane = std::countr_zero(lanes); !met(now, lane, word.readTime))
      return {true, false, false, word.readEpoch, static_cast<uint16_t>(word.readWarp * 32 + lane)};
  return {};
}

static void remember(Word &word, const Moment &now) {
  uint16_t warp = now.thread / 32;
  uint32_t lane = 1u << now.thread % 32;
  if (word.readEpoch == now.epoch) {
    if (word.readWarp != warp) {
      word.readWarp = Word::several;
      return;
    }
    // Readers this one is ordered after need no longer be remembered: who is
    // ordered after this one is ordered after them. Nobody is, of those at the
    // same time: the common case.
    uint32_t unordered = word.readLanes;
    if (word.readTime != now.time)
      for (uint32_t lanes = word.readLanes; lanes; lanes &= lanes - 1)
        if (met(now, std::countr_zero(lanes), word.readTime))
          unordered &= ~(lanes & -lanes);
    word.readLanes = unordered | lane;
    word.readTime = now.time;
    return;
  }
  if (byOtherBlock(word.readEpoch, now))
    word.othersRead = now.launchStart;
  word.readEpoch = now.epoch;
  word.readWarp = warp;
  word.readLanes = lane;
  word.readTime = now.time;
}

Conflict recordRead(Word &word, const Moment &now, bool atomic) {
  Conflict conflict = unorderedWrite(word, now, atomic);
  // An atomic read orders itself with atomic writes, and plain writes see the atomic ones.
  if (!atomic)
    remember(word, now);
  return conflict;
}

Conflict recordWrite(Word &word, const Moment &now, bool atomic) {
  Conflict conflict = unorderedWrite(word, now, atomic);
  if (!conflict.found)
    conflict = unorderedRead(word, now);
  if (byOtherBlock(word.writeEpoch, now))
    word.othersAtomic = now.launchStart;
  bool another = word.writeEpoch == now.epoch && word.writer != now.thread && atomic && word.atomicWrite;
  word.writer = another ? Word::several : now.thread;
  word.writeEpoch = now.epoch;
  word.writeTime = now.time;
  word.atomicWrite = atomic;
  return conflict;
}

} // namespace ptx::emulator
