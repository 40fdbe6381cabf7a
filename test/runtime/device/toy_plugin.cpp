// A second device that runs launches, as unlike the CPU as can be: its memory
// cannot be touched from outside, and nothing runs before synchronise. The
// kernels are those of tiny_kernels.c.
#include "runtime/cpu/sealed_library.h"
#include "runtime/device/guarded.h"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <vector>

using namespace ptx;

namespace {
constexpr size_t pageBytes = 4096;
}

struct ptx_device {
  std::mutex mutex;
  std::map<uint64_t, size_t> blocks; // address, bytes of pages
  SealedLibrary library;
  std::vector<Kernel> kernels;
  std::vector<int64_t> lanes;

  void unlock(int protection) {
    for (auto [address, size] : blocks)
      ::mprotect(reinterpret_cast<void *>(address), size, protection);
  }
};

struct ptx_device_queue {
  ptx_device *device;
  std::vector<std::pair<const ptx_launch *, ptx_launch_times *>> pending;
};

namespace {

int open(const ptx_device_options *, ptx_device **device, ptx_device_message *) {
  *device = new ptx_device;
  return 0;
}

void close(ptx_device *device) { delete device; }

int allocate(ptx_device *device, size_t bytes, uint64_t *address, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    if (bytes > (size_t(1) << 30))
      return Error{"a toy has no " + std::to_string(bytes) + " bytes"};
    size_t size = (bytes + 256 + pageBytes - 1) / pageBytes * pageBytes;
    void *memory = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::lock_guard lock(device->mutex);
    device->blocks[ *address = reinterpret_cast<uint64_t>(memory)] = size;
    return {};
  });
}

void release(ptx_device *device, uint64_t address, size_t) {
  std::lock_guard lock(device->mutex);
  ::munmap(reinterpret_cast<void *>(address), device->blocks.at(address));
  device->blocks.erase(address);
}

int copy(ptx_device *device, void *to, const void *from, size_t bytes) {
  std::lock_guard lock(device->mutex);
  device->unlock(PROT_READ | PROT_WRITE);
  std::memcpy(to, from, bytes);
  device->unlock(PROT_NONE);
  return 0;
}

int upload(ptx_device *device, uint64_t to, const void *from, size_t bytes, ptx_device_message *) {
  return copy(device, reinterpret_cast<void *>(to), from, bytes);
}

int download(ptx_device *device, void *to, uint64_t from, size_t width, size_t pitch, size_t rows,
             ptx_device_message *) {
  for (size_t r = 0; r < rows; ++r)
    copy(device, static_cast<char *>(to) + r * width, reinterpret_cast<const void *>(from + r * pitch), width);
  return 0;
}

int load(ptx_device *device, const ptx_code_payload *payloads, size_t count, const ptx_kernel_info *kernels,
         size_t kernelCount, const ptx_kernel_info *entries, size_t entryCount, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    if (count == 0)
      return Error{"there is no code"};
    Result<SealedLibrary> library =
        SealedLibrary::load({static_cast<const char *>(payloads[0].bytes), payloads[0].size});
    if (!library)
      return library.error();
    device->library = std::move(*library);
    for (size_t i = 0; i < kernelCount; ++i) {
      Result<Kernel> kernel = device->library.find(kernels[i].name);
      if (!kernel)
        return kernel.error();
      device->kernels.push_back(*kernel);
      device->lanes.push_back(metadataOf(kernels[i], "column_lanes", 1));
    }
    for (size_t i = 0; i < entryCount; ++i)
      if (entries[i].member_count != 1 || entries[i].members[0] >= kernelCount)
        return Error{std::string("entry '") + entries[i].name + "' is not one kernel"};
    return {};
  });
}

const char *variant(ptx_device *) { return "wood"; }
uint32_t workers(ptx_device *) { return 1; }

int queueOpen(ptx_device *device, ptx_device_queue **queue, ptx_device_message *) {
  *queue = new ptx_device_queue{device, {}};
  return 0;
}

void queueClose(ptx_device_queue *queue) { delete queue; }

int launch(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
           ptx_device_message *) {
  for (size_t i = 0; i < count; ++i)
    queue->pending.emplace_back(&launches[i], &times[i]);
  return 0;
}

// Every word that is an address lies in a window of the problem.
Status checkWindows(const ptx_problem &problem) {
  if (problem.window_count == 0)
    return Error{"a problem states no windows"};
  for (size_t i = 0; i < problem.window_count; ++i)
    if (problem.windows[i].address == 0 || problem.windows[i].width > problem.windows[i].pitch)
      return Error{std::string("window '") + problem.windows[i].name + "' is none"};
  return {};
}

int synchronise(ptx_device_queue *queue, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    ptx_device &device = *queue->device;
    std::lock_guard lock(device.mutex);
    device.unlock(PROT_READ | PROT_WRITE);
    std::vector<char> scratch(1 << 20);
    double clock = 0;
    Status status;
    for (auto [launch, times] : queue->pending) {
      for (size_t i = 0; i < launch->problem_count && status; ++i) {
        const ptx_problem &problem = launch->problems[i];
        status = checkWindows(problem);
        int64_t lanes = device.lanes[problem.kernel];
        if (status)
          device.kernels[problem.kernel](problem.words, problem.begin, problem.end, 0,
                                         (problem.columns + lanes - 1) / lanes, scratch.data());
      }
      *times = {clock, clock + 1, 1, 0, nullptr};
      clock += 1;
    }
    queue->pending.clear();
    device.unlock(PROT_NONE);
    return status;
  });
}

} // namespace

extern "C" __attribute__((visibility("default"))) const ptx_device_table *ptx_device_plugin(void) {
  static constexpr ptx_device_table table = {
      .version = PTX_DEVICE_VERSION,
      .struct_size = sizeof(ptx_device_table),
      .name = "toy",
      .whole = nullptr,
      .host_memory = 0,
      .wants_windows = 1,
      .open = open,
      .close = close,
      .allocate = allocate,
      .release = release,
      .upload = upload,
      .download = download,
      .load = load,
      .variant = variant,
      .workers = workers,
      .probe = nullptr,
      .probe_read = nullptr,
      .queue_open = queueOpen,
      .queue_close = queueClose,
      .expect = nullptr,
      .launch = launch,
      .synchronise = synchronise,
  };
  return &table;
}
