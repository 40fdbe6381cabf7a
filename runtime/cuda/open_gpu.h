// What the device and its queues share: the context, the code, and whether a
// kernel has broken them.
#ifndef PTX_RUNTIME_CUDA_OPEN_GPU_H
#define PTX_RUNTIME_CUDA_OPEN_GPU_H

#include "runtime/cuda/driver.h"
#include "runtime/cuda/variant.h"
#include "runtime/device/grid.h"
#include "runtime/device/guarded.h"

#include <mutex>
#include <string>
#include <vector>

struct ptx_device {
  ptx_device(const ptx::cuda::DriverFunctions &driver, std::string wanted)
      : driver(driver), wantedVariant(std::move(wanted)) {}

  /// An error as long as the driver's answers are of no worth any more.
  ptx::Status usable() {
    std::lock_guard lock(mutex);
    if (fault.empty())
      return {};
    return ptx::Error{"the device is broken by an earlier fault (" + fault + "): open the program again"};
  }
  /// What a call's code means; remembers a fault.
  ptx::Error failure(ptx::cuda::Code code, const std::string &what) {
    std::string message = what + ": " + ptx::cuda::describe(driver, code);
    if (ptx::cuda::isFault(code)) {
      std::lock_guard lock(mutex);
      if (fault.empty())
        fault = message;
    }
    return {message};
  }

  const ptx::cuda::DriverFunctions &driver;
  std::string wantedVariant, variant;
  ptx::cuda::Gpu gpu;
  ptx::cuda::Ordinal ordinal = 0;
  ptx::cuda::Context context = nullptr;
  uint32_t multiprocessors = 0;
  ptx::cuda::Module module = nullptr;
  ptx::GridRules rules;
  std::vector<ptx::cuda::Function> functions; // of the rules' entries

private:
  std::mutex mutex; // several threads allocate and copy
  std::string fault;
};

namespace ptx::cuda {

/// The device's context in this thread for a while; the caller's own comes back.
class Current {
public:
  explicit Current(ptx_device &device) : device(device), code(device.driver.contextPush(device.context)) {}
  ~Current() {
    Context mine = nullptr;
    if (code == success)
      device.driver.contextPop(&mine);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  ptx_device &device;

public:
  const Code code;
};

/// Runs `body`, which returns a Status, with the context of a device that works.
template <typename Body> int inContext(ptx_device &device, ptx_device_message *message, Body &&body) {
  return guardedDevice(message, [&]() -> Status {
    if (Status status = device.usable(); !status)
      return status;
    Current current(device);
    if (current.code != success)
      return device.failure(current.code, "the context cannot be used");
    return body();
  });
}

// The queue's functions of the table.
int queueOpen(ptx_device *device, ptx_device_queue **queue, ptx_device_message *message);
void queueClose(ptx_device_queue *queue);
int launch(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
           ptx_device_message *message);
int synchronise(ptx_device_queue *queue, ptx_device_message *message);

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_OPEN_GPU_H
