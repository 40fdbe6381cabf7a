// Growing memory of a device.
#ifndef PTX_RUNTIME_CORE_ARENA_H
#define PTX_RUNTIME_CORE_ARENA_H

#include "runtime/device/open_device.h"

#include <algorithm>

namespace ptx {

/// Never shrinks: calls of one bucket of shapes find their buffers where the
/// last one had them.
class Arena {
public:
  explicit Arena(std::shared_ptr<Device> device) : device(std::move(device)) {}

  Status reserve(size_t bytes) {
    if (memory.address() && bytes <= memory.size())
      return {};
    memory = DeviceMemory();
    Result<DeviceMemory> grown = DeviceMemory::allocate(device, std::max<size_t>(bytes, 1));
    if (!grown)
      return grown.error();
    memory = std::move(*grown);
    return {};
  }
  uint64_t address() const { return memory.address(); }

private:
  std::shared_ptr<Device> device;
  DeviceMemory memory;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_ARENA_H
