// A CUDA GPU as a device: see "CUDA" in runtime/README.md.
#ifndef PTX_RUNTIME_CUDA_DEVICE_H
#define PTX_RUNTIME_CUDA_DEVICE_H

#include "runtime/device/device.h"

namespace ptx {

const ptx_device_table *cudaDevice();

} // namespace ptx

#endif // PTX_RUNTIME_CUDA_DEVICE_H
