#include "runtime/device/open_device.h"

namespace ptx {

namespace {

Status toStatus(int code, const ptx_device_table &table, const ptx_device_message &message) {
  if (code == 0)
    return {};
  return Error{std::string("device '") + table.name + "': " + message.text};
}

} // namespace

Result<std::shared_ptr<Device>> Device::open(const ptx_device_table &table, const ptx_device_options &options) {
  ptx_device *device = nullptr;
  ptx_device_message message = {};
  if (Status status = toStatus(table.open(&options, &device, &message), table, message); !status)
    return status.error();
  return std::shared_ptr<Device>(new Device(table, device));
}

Device::~Device() { functions.close(device); }

Status Device::load(std::span<const ptx_code_payload> payloads, std::span<const ptx_kernel_info> kernels,
                    std::span<const ptx_kernel_info> entries) const {
  ptx_device_message message = {};
  return toStatus(functions.load(device, payloads.data(), payloads.size(), kernels.data(), kernels.size(),
                                 entries.data(), entries.size(), &message),
                  functions, message);
}

Status Device::upload(uint64_t to, const void *from, size_t bytes) const {
  ptx_device_message message = {};
  return toStatus(functions.upload(device, to, from, bytes, &message), functions, message);
}

Status Device::download(void *to, uint64_t from, size_t width, size_t pitch, size_t rows) const {
  ptx_device_message message = {};
  return toStatus(functions.download(device, to, from, width, pitch, rows, &message), functions, message);
}

Result<DeviceMemory> DeviceMemory::allocate(std::shared_ptr<Device> device, size_t bytes) {
  DeviceMemory memory;
  ptx_device_message message = {};
  const ptx_device_table &table = device->table();
  if (Status status = toStatus(table.allocate(device->handle(), bytes, &memory.start, &message), table, message);
      !status)
    return status.error();
  memory.device = std::move(device);
  memory.count = bytes;
  return memory;
}

DeviceMemory::~DeviceMemory() {
  if (start)
    device->table().release(device->handle(), start, count);
}

Result<std::unique_ptr<DeviceQueue>> DeviceQueue::open(std::shared_ptr<Device> device) {
  ptx_device_queue *queue = nullptr;
  ptx_device_message message = {};
  const ptx_device_table &table = device->table();
  if (Status status = toStatus(table.queue_open(device->handle(), &queue, &message), table, message); !status)
    return status.error();
  return std::unique_ptr<DeviceQueue>(new DeviceQueue(std::move(device), queue));
}

DeviceQueue::~DeviceQueue() { device->table().queue_close(queue); }

void DeviceQueue::expect(std::span<const ptx_launch> launches) const {
  if (device->table().expect)
    device->table().expect(queue, launches.data(), launches.size());
}

Status DeviceQueue::launch(const ptx_launch *launches, size_t count, ptx_launch_times *times) const {
  ptx_device_message message = {};
  const ptx_device_table &table = device->table();
  return toStatus(table.launch(queue, launches, count, times, &message), table, message);
}

Status DeviceQueue::synchronise() const {
  const ptx_device_table &table = device->table();
  if (!table.synchronise)
    return {};
  ptx_device_message message = {};
  return toStatus(table.synchronise(queue, &message), table, message);
}

} // namespace ptx
