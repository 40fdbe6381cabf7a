#include "passes/Conversion/StageToRt/Planner.h"

#include <algorithm>

namespace ptx::rt {

namespace {
struct Slot {
  mlir::Value space;
  Per per;
  int64_t rowWords; // of its widest buffer so far
  int64_t busyUntil;
};
} // namespace

int64_t assignSlots(std::vector<BufferLife> &buffers) {
  std::vector<Slot> slots;
  for (BufferLife &buffer : buffers) {
    if (buffer.cache)
      continue;
    int64_t best = -1, bestCost = 0;
    for (size_t i = 0; i < slots.size(); ++i) {
      const Slot &slot = slots[i];
      if (slot.busyUntil >= buffer.firstLaunch || slot.space != buffer.space || slot.per != buffer.per)
        continue;
      int64_t cost = std::abs(slot.rowWords - buffer.rowWords());
      if (best < 0 || cost < bestCost) {
        best = static_cast<int64_t>(i);
        bestCost = cost;
      }
    }
    if (best < 0) {
      best = static_cast<int64_t>(slots.size());
      slots.push_back({buffer.space, buffer.per, buffer.rowWords(), -1});
    }
    Slot &slot = slots[best];
    slot.rowWords = std::max(slot.rowWords, buffer.rowWords());
    slot.busyUntil = buffer.lastLaunch;
    buffer.slot = best;
  }
  return static_cast<int64_t>(slots.size());
}

} // namespace ptx::rt
