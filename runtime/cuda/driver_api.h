// What the runtime needs of the CUDA driver's API, declared here so that it
// builds where no CUDA is. test/runtime/cuda holds every line against <cuda.h>.
#ifndef PTX_RUNTIME_CUDA_DRIVER_API_H
#define PTX_RUNTIME_CUDA_DRIVER_API_H

#include <cstddef>

namespace ptx::cuda {

using Code = int;                   // CUresult
using Ordinal = int;                // CUdevice
using Address = unsigned long long; // CUdeviceptr
using Context = struct ContextTag *;
using Module = struct ModuleTag *;
using Function = struct FunctionTag *;
using Stream = struct StreamTag *; // null: the default stream
using Event = struct EventTag *;

/// A copy of rows: CUDA_MEMCPY2D.
struct RowsCopy {
  size_t fromX = 0, fromY = 0;
  int fromType = 0; // memoryHost or memoryDevice
  const void *fromHost = nullptr;
  Address fromDevice = 0;
  void *fromArray = nullptr;
  size_t fromPitch = 0;
  size_t toX = 0, toY = 0;
  int toType = 0;
  void *toHost = nullptr;
  Address toDevice = 0;
  void *toArray = nullptr;
  size_t toPitch = 0;
  size_t width = 0, rows = 0; // bytes of a row
};
constexpr int memoryHost = 1, memoryDevice = 2; // CUmemorytype

constexpr Code success = 0, outOfMemory = 2, noDevice = 100, eccUncorrectable = 214, nvlinkUncorrectable = 220,
               contained = 226, illegalAddress = 700, launchTimeout = 702, assertFailed = 710, hardwareStackError = 714,
               illegalInstruction = 715, misalignedAddress = 716, invalidAddressSpace = 717, invalidPc = 718,
               launchFailed = 719, unknown = 999;

constexpr int multiprocessorCount = 16, capabilityMajor = 75, capabilityMinor = 76; // CUdevice_attribute
constexpr int maxDynamicShared = 8;                                                 // CUfunction_attribute
constexpr int jitErrorLog = 5, jitErrorLogBytes = 6;                                // CUjit_option
constexpr unsigned streamNonBlocking = 1, eventDefault = 0;

/// member, exported name, parameters. The names are those the library exports,
/// which <cuda.h> hides behind macros.
#define PTX_CUDA_FUNCTIONS(X)                                                                                          \
  X(init, cuInit, (unsigned flags))                                                                                    \
  X(errorName, cuGetErrorName, (Code code, const char **text))                                                         \
  X(errorString, cuGetErrorString, (Code code, const char **text))                                                     \
  X(deviceCount, cuDeviceGetCount, (int *count))                                                                       \
  X(deviceGet, cuDeviceGet, (Ordinal * device, int number))                                                            \
  X(deviceName, cuDeviceGetName, (char *name, int size, Ordinal device))                                               \
  X(deviceAttribute, cuDeviceGetAttribute, (int *value, int attribute, Ordinal device))                                \
  X(contextRetain, cuDevicePrimaryCtxRetain, (Context * context, Ordinal device))                                      \
  X(contextRelease, cuDevicePrimaryCtxRelease_v2, (Ordinal device))                                                    \
  X(contextPush, cuCtxPushCurrent_v2, (Context context))                                                               \
  X(contextPop, cuCtxPopCurrent_v2, (Context * context))                                                               \
  X(memAlloc, cuMemAlloc_v2, (Address * address, size_t bytes))                                                        \
  X(memFree, cuMemFree_v2, (Address address))                                                                          \
  X(upload, cuMemcpyHtoD_v2, (Address to, const void *from, size_t bytes))                                             \
  X(copyRows, cuMemcpy2D_v2, (const RowsCopy *copy))                                                                   \
  X(uploadAsync, cuMemcpyHtoDAsync_v2, (Address to, const void *from, size_t bytes, Stream stream))                    \
  X(moduleLoad, cuModuleLoadDataEx, (Module * module, const void *image, unsigned options, int *names, void **values)) \
  X(moduleUnload, cuModuleUnload, (Module module))                                                                     \
  X(moduleFunction, cuModuleGetFunction, (Function * function, Module module, const char *name))                       \
  X(functionSet, cuFuncSetAttribute, (Function function, int attribute, int value))                                    \
  X(streamCreate, cuStreamCreate, (Stream * stream, unsigned flags))                                                   \
  X(streamDestroy, cuStreamDestroy_v2, (Stream stream))                                                                \
  X(streamSynchronise, cuStreamSynchronize, (Stream stream))                                                           \
  X(eventCreate, cuEventCreate, (Event * event, unsigned flags))                                                       \
  X(eventDestroy, cuEventDestroy_v2, (Event event))                                                                    \
  X(eventRecord, cuEventRecord, (Event event, Stream stream))                                                          \
  X(eventSynchronise, cuEventSynchronize, (Event event))                                                               \
  X(eventElapsed, cuEventElapsedTime, (float *milliseconds, Event start, Event end))                                   \
  X(launch, cuLaunchKernel,                                                                                            \
    (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,              \
     unsigned blockZ, unsigned sharedBytes, Stream stream, void **parameters, void **extra))

struct DriverFunctions {
#define PTX_CUDA_MEMBER(member, name, parameters) Code(*member) parameters = nullptr;
  PTX_CUDA_FUNCTIONS(PTX_CUDA_MEMBER)
#undef PTX_CUDA_MEMBER
};

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_DRIVER_API_H
