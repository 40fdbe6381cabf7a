// Memory of bindings that are gone, for the next: a swap then touches no fresh
// pages.
#ifndef PTX_RUNTIME_CORE_SPARE_MEMORY_H
#define PTX_RUNTIME_CORE_SPARE_MEMORY_H

#include "runtime/device/open_device.h"

#include <map>
#include <mutex>

namespace ptx {

/// Safe for several threads. Whoever finds it locked does without: the child of
/// a fork may find it locked for good.
class SpareMemory {
public:
  /// Holds at most so many bytes.
  explicit SpareMemory(size_t budget) : budget(budget) {}

  /// Exactly so many bytes, of any content; nothing where there are none.
  DeviceMemory take(size_t bytes) {
    std::unique_lock lock(mutex, std::try_to_lock);
    auto found = lock ? blocks.find(bytes) : blocks.end();
    if (!lock || found == blocks.end())
      return {};
    DeviceMemory memory = std::move(found->second);
    blocks.erase(found);
    held -= bytes;
    return memory;
  }

  void give(DeviceMemory memory) {
    std::unique_lock lock(mutex, std::try_to_lock);
    if (!lock || !memory.address() || memory.size() > budget - held)
      return;
    held += memory.size();
    blocks.emplace(memory.size(), std::move(memory));
  }

private:
  const size_t budget;
  size_t held = 0;
  std::multimap<size_t, DeviceMemory> blocks;
  std::mutex mutex;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_SPARE_MEMORY_H
