// The CPU as a device: kernels of the best level, the worker pool.
#ifndef PTX_RUNTIME_CPU_DEVICE_H
#define PTX_RUNTIME_CPU_DEVICE_H

#include "runtime/device/device.h"

namespace ptx {

const ptx_device_table *cpuDevice();

} // namespace ptx

#endif // PTX_RUNTIME_CPU_DEVICE_H
