// What the device and its queues share: the context, the code, and whether a
// kernel has broken them.
#ifndef PTX_RUNTIME_CUDA_CUDA_DEVICE_H
#define PTX_RUNTIME_CUDA_CUDA_DEVICE_H

#include "runtime/cuda/blas.h"
#include "runtime/cuda/driver.h"
#include "runtime/cuda/variant.h"
#include "runtime/device/grid.h"
#include "runtime/device/guarded.h"
#include "runtime/device/library_call.h"

#include <mutex>
#include <string>
#include <vector>

namespace ptx::cuda {

// A name of its own: devices of one binary must not share one.
struct CudaDevice {
  CudaDevice(const DriverFunctions &driver, std::string wanted) : driver(driver), wantedVariant(std::move(wanted)) {}

  /// An error as long as the driver's answers are of no worth any more.
  Status usable() {
    std::lock_guard lock(mutex);
    if (fault.empty())
      return {};
    return Error{"the device is broken by an earlier fault (" + fault + "): open the program again"};
  }
  /// What a call's code means; remembers a fault.
  Error failure(Code code, const std::string &what) {
    std::string message = what + ": " + describe(driver, code);
    if (isFault(code)) {
      std::lock_guard lock(mutex);
      if (fault.empty())
        fault = message;
    }
    return {message};
  }

  const DriverFunctions &driver;
  std::string wantedVariant, variant;
  Gpu gpu;
  Ordinal ordinal = 0;
  Context context = nullptr;
  uint32_t multiprocessors = 0;
  Module module = nullptr;
  GridRules rules;
  std::vector<Function> functions; // of the rules' entries
  LibraryRules libraryRules;
  const Blas *blas = nullptr; // null: no kernel of the program asks for it, or it is not there

private:
  std::mutex mutex; // several threads allocate and copy
  std::string fault;
};
inline CudaDevice *cudaOf(ptx_device *device) { return reinterpret_cast<CudaDevice *>(device); }

/// The device's context in this thread for a while; the caller's own comes back.
class Current {
public:
  explicit Current(CudaDevice &device) : device(device), code(device.driver.contextPush(device.context)) {}
  ~Current() {
    Context mine = nullptr;
    if (code == success)
      device.driver.contextPop(&mine);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  CudaDevice &device;

public:
  const Code code;
};

/// Runs `body`, which returns a Status, with the context of a device that works.
template <typename Body> int inContext(CudaDevice &device, ptx_device_message *message, Body &&body) {
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

#endif // PTX_RUNTIME_CUDA_CUDA_DEVICE_H
