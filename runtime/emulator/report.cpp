#include "runtime/emulator/launch.h"

#include <map>

namespace ptx::emulator {

static std::string triple(uint64_t x, uint64_t y, uint64_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

std::string Launch::nameThread(uint32_t index) const {
  return "thread " + triple(threads[index].x, threads[index].y, threads[index].z);
}

std::string Launch::nameBlock(uint64_t number) const {
  return "block " + triple(number % grid.blocks[0], number / grid.blocks[0] % grid.blocks[1],
                           number / grid.blocks[0] / grid.blocks[1]);
}

std::string Launch::place(uint32_t site) const {
  return site < grid.kernel->module->siteCount ? grid.kernel->module->sites[site] : "-";
}

// The variable, range or allocation that starts last at or before an address: an
// address past the end is then told by how far.
std::string Launch::nameAddress(uint64_t address) const {
  auto named = [&](std::string_view name, uint64_t start, uint64_t bytes) {
    return "'" + std::string(name) + "'+" + std::to_string(address - start) + " (of " + std::to_string(bytes) +
           " bytes)";
  };
  if (address - machine.shared < maxSharedBytes) {
    uint64_t offset = address - machine.shared;
    for (uint64_t i = kernel.sharedCount; offset < kernel.dynamicOffset && i-- > 0;)
      if (kernel.shared[i].address <= offset)
        return "shared " +
               named(kernel.shared[i].name, machine.shared + kernel.shared[i].address, kernel.shared[i].bytes);
    return "dynamic shared memory+" + std::to_string(offset - kernel.dynamicOffset) + " (of " +
           std::to_string(grid.sharedBytes) + " bytes)";
  }
  const auto *allocation = memory.contains(address, 1) ? memory.before(address) : nullptr;
  const Range *nearest = nullptr;
  for (const Range &range : grid.ranges)
    if (allocation && range.address <= address && range.address >= allocation->first &&
        (!nearest || range.address > nearest->address))
      nearest = &range;
  if (nearest)
    return named(nearest->name, nearest->address, (nearest->rows - 1) * nearest->pitch + nearest->width);
  if (allocation)
    return named(allocation->second.name, allocation->first, allocation->second.bytes);
  char text[32];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
  return text;
}

void Launch::report(const std::string &what) {
  if (failure.empty())
    failure = std::string("kernel '") + kernel.name + "' (" + grid.label + ") at " + place(thread->site) + ": " +
              nameThread(thread->index) + " of " + nameBlock(block) + ": " + what;
}

void Launch::abandon() {
  suspend();
  __builtin_unreachable();
}

// Who waits for what, a line's worth: the same wait is told once, with a count.
void Launch::reportDeadlock() {
  struct Group {
    uint32_t first, count;
  };
  std::map<std::string, Group> groups;
  for (const Thread &waiting : threads) {
    if (waiting.wait == Wait::Exited)
      continue;
    std::string what = waiting.wait == Wait::Barrier   ? "barrier " + std::to_string(waiting.id)
                       : waiting.wait == Wait::Shuffle ? "a shuffle"
                       : waiting.wait == Wait::Vote    ? "a vote"
                                                       : "a warp barrier";
    auto [group, fresh] = groups.try_emplace(what + " at " + place(waiting.site), Group{waiting.index, 0});
    ++group->second.count;
    thread = &threads[waiting.index];
  }
  std::string what = "deadlock, divergent:";
  for (const auto &[wait, group] : groups)
    what += std::string(what.back() == ':' ? " " : "; ") + std::to_string(group.count) + " threads wait at " + wait +
            ", the first " + nameThread(group.first);
  report(what);
}

} // namespace ptx::emulator
