#include "runtime/emulator/launch.h"

#include <algorithm>

namespace ptx::emulator {

static std::string describe(uint32_t bytes, uint32_t flags) {
  return std::string(flags & accessAtomic ? "atomically " : "") + (flags & accessWrites ? "writes " : "reads ") +
         std::to_string(bytes) + " bytes at ";
}

// Outside of device memory a kernel may touch its own stack, and the constants
// of its module.
void Launch::accessElsewhere(uint64_t address, uint32_t bytes, uint32_t flags) {
  auto inside = [&](uint64_t start, uint64_t size) {
    return address - start < size && bytes <= size - (address - start);
  };
  if (inside(reinterpret_cast<uint64_t>(machine.stacks.low(thread->index)), Stacks::bytes))
    return;
  const ModuleInfo &module = *grid.kernel->module;
  for (uint64_t i = 0; i < module.globalCount; ++i)
    if (inside(module.globals[i].address, module.globals[i].bytes) && !(flags & accessWrites))
      return;
  explainAccess(address, bytes, flags);
  abandon();
}

void Launch::explainAccess(uint64_t address, uint32_t bytes, uint32_t flags) {
  std::string what = describe(bytes, flags) + nameAddress(address);
  uint64_t align = uint64_t{1} << (flags >> accessAlignShift);
  bool writes = flags & accessWrites;
  if (address % align != 0)
    return report(what + ", misaligned: the instruction needs a multiple of " + std::to_string(align));
  if (!memory.contains(address, bytes))
    return report(what + ", out of bounds: no device memory is there");
  uint8_t all = 0xFF, any = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    all &= memory.state(address)[i];
    any |= memory.state(address)[i];
  }
  uint8_t readable = readNeeds & ~byteInitialised;
  if (!(all & readable))
    return report(what +
                  (address - machine.shared < maxSharedBytes ? ", out of bounds of shared memory" : ", out of bounds"));
  if (any & bytePending)
    return report(what + ", a cp.async in flight will write there: nobody waited for it");
  if (writes)
    return report(what + ", read-only in this launch");
  return report(what + ", uninitialised");
}

Moment Launch::now(bool shared) const {
  Moment result = moment;
  if (shared)
    result.launchStart = result.blockStart;
  result.time = warps[thread->index / warpSize].time;
  result.thread = thread->index;
  result.known = &thread->known;
  return result;
}

void Launch::recordAccess(uint64_t address, uint32_t bytes, uint32_t flags) {
  if (flags & accessWrites)
    for (uint32_t i = 0; i < bytes; ++i)
      memory.state(address)[i] |= byteInitialised;
  Moment at = now(isShared(address));
  for (uint64_t cell = address & ~(Cell::bytes - 1); cell < address + bytes; cell += Cell::bytes) {
    Conflict conflict = flags & accessWrites ? recordWrite(memory.cell(cell), at, flags & accessAtomic)
                                             : recordRead(memory.cell(cell), at, flags & accessAtomic);
    if (conflict.found) {
      explainConflict(address, bytes, flags, conflict);
      abandon();
    }
  }
}

void Launch::explainConflict(uint64_t address, uint32_t bytes, uint32_t flags, const Conflict &conflict) {
  std::string other = conflict.otherBlock ? "another block" : "another thread";
  if (conflict.otherBlock && conflict.epoch) {
    auto after = std::upper_bound(blockStarts.begin(), blockStarts.end(), std::pair(conflict.epoch, ~uint64_t{0}));
    other = nameBlock(std::prev(after)->second);
  } else if (conflict.thread != Cell::several) {
    other = nameThread(conflict.thread);
  }
  report(describe(bytes, flags) + nameAddress(address) + ", race: " + other +
         (conflict.wrote ? " writes it" : " reads it") +
         (conflict.otherBlock ? ", and blocks are not ordered" : ", and no barrier is between"));
}

void Launch::accessMany(uint64_t address, uint64_t bytes, bool writes, uint32_t site) {
  constexpr uint64_t most = 16;
  for (uint64_t done = 0; done < bytes; done += most)
    access(address + done, std::min(most, bytes - done), writes ? accessWrites : 0, site);
}

} // namespace ptx::emulator
