// A device that is open, for the runtime's C++: the table of device.h with
// lifetimes and errors.
#ifndef PTX_RUNTIME_DEVICE_OPEN_DEVICE_H
#define PTX_RUNTIME_DEVICE_OPEN_DEVICE_H

#include "runtime/device/device.h"
#include "runtime/io/result.h"

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace ptx {

/// The table of a device by name: built in, or a plug-in's. An unknown name, a
/// plug-in that is missing or of another version are errors that say where it
/// was looked for.
Result<const ptx_device_table *> findDevice(const std::string &name);

class Device {
public:
  static Result<std::shared_ptr<Device>> open(const ptx_device_table &table, const ptx_device_options &options);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const ptx_device_table &table() const { return functions; }
  ptx_device *handle() const { return device; }
  bool hostMemory() const { return functions.host_memory != 0; }

  /// Chooses among the payloads and finds every kernel in the chosen one.
  Status load(std::span<const ptx_code_payload> payloads, std::span<const ptx_kernel_info> kernels,
              std::span<const ptx_kernel_info> entries) const;
  std::string variant() const { return functions.variant(device); }
  uint32_t workers() const { return functions.workers(device); }

  Status upload(uint64_t to, const void *from, size_t bytes) const;
  /// Rows of `width` bytes, `pitch` bytes apart, densely.
  Status download(void *to, uint64_t from, size_t width, size_t pitch, size_t rows) const;

private:
  Device(const ptx_device_table &functions, ptx_device *device) : functions(functions), device(device) {}
  const ptx_device_table &functions;
  ptx_device *device;
};

/// Memory of a device; zeroed where it is the host's.
class DeviceMemory {
public:
  DeviceMemory() = default;
  static Result<DeviceMemory> allocate(std::shared_ptr<Device> device, size_t bytes);
  DeviceMemory(DeviceMemory &&other) noexcept { *this = std::move(other); }
  DeviceMemory &operator=(DeviceMemory &&other) noexcept {
    std::swap(device, other.device);
    std::swap(start, other.start);
    std::swap(count, other.count);
    return *this;
  }
  ~DeviceMemory();

  uint64_t address() const { return start; }
  size_t size() const { return count; }
  /// For devices with host memory.
  void *host() const { return reinterpret_cast<void *>(start); }

private:
  std::shared_ptr<Device> device;
  uint64_t start = 0;
  size_t count = 0;
};

/// Launches of one session.
class DeviceQueue {
public:
  static Result<std::unique_ptr<DeviceQueue>> open(std::shared_ptr<Device> device);
  ~DeviceQueue();
  DeviceQueue(const DeviceQueue &) = delete;
  DeviceQueue &operator=(const DeviceQueue &) = delete;

  /// Says what one call will launch.
  void expect(std::span<const ptx_launch> launches) const;
  Status launch(const ptx_launch *launches, size_t count, ptx_launch_times *times) const;
  /// Whether launch returns when the work is done.
  bool isSynchronous() const { return !device->table().synchronise; }
  Status synchronise() const;

private:
  DeviceQueue(std::shared_ptr<Device> device, ptx_device_queue *queue) : device(std::move(device)), queue(queue) {}
  std::shared_ptr<Device> device;
  ptx_device_queue *queue;
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_OPEN_DEVICE_H
