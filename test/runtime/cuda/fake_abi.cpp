// What runtime/cuda/driver_api.h says of the driver, held against <cuda.h>.
#include "runtime/cuda/driver_api.h"
#include "test/runtime/cuda/same_call.h"

#include <cuda.h>

#include <cstddef>

#undef cuEventElapsedTime
extern "C" CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);

namespace ptx::cuda {

namespace {

#define PTX_CUDA_CHECK(member, name, parameters)                                                                       \
  static_assert(sameCall<decltype(DriverFunctions::member), decltype(&::name)>, #name " has another signature");
PTX_CUDA_FUNCTIONS(PTX_CUDA_CHECK)
#undef PTX_CUDA_CHECK

static_assert(success == CUDA_SUCCESS && outOfMemory == CUDA_ERROR_OUT_OF_MEMORY && noDevice == CUDA_ERROR_NO_DEVICE);
static_assert(eccUncorrectable == CUDA_ERROR_ECC_UNCORRECTABLE &&
              nvlinkUncorrectable == CUDA_ERROR_NVLINK_UNCORRECTABLE);
static_assert(illegalAddress == CUDA_ERROR_ILLEGAL_ADDRESS && launchTimeout == CUDA_ERROR_LAUNCH_TIMEOUT &&
              assertFailed == CUDA_ERROR_ASSERT && hardwareStackError == CUDA_ERROR_HARDWARE_STACK_ERROR);
static_assert(illegalInstruction == CUDA_ERROR_ILLEGAL_INSTRUCTION &&
              misalignedAddress == CUDA_ERROR_MISALIGNED_ADDRESS &&
              invalidAddressSpace == CUDA_ERROR_INVALID_ADDRESS_SPACE && invalidPc == CUDA_ERROR_INVALID_PC);
static_assert(launchFailed == CUDA_ERROR_LAUNCH_FAILED && unknown == CUDA_ERROR_UNKNOWN);
#if CUDA_VERSION >= 12080
static_assert(contained == CUDA_ERROR_CONTAINED);
#endif
static_assert(multiprocessorCount == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT &&
              capabilityMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR &&
              capabilityMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(maxDynamicShared == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES &&
              jitErrorLog == CU_JIT_ERROR_LOG_BUFFER && jitErrorLogBytes == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
static_assert(sizeof(RowsCopy) == sizeof(CUDA_MEMCPY2D) &&
              offsetof(RowsCopy, fromType) == offsetof(CUDA_MEMCPY2D, srcMemoryType) &&
              offsetof(RowsCopy, fromDevice) == offsetof(CUDA_MEMCPY2D, srcDevice) &&
              offsetof(RowsCopy, fromPitch) == offsetof(CUDA_MEMCPY2D, srcPitch) &&
              offsetof(RowsCopy, toType) == offsetof(CUDA_MEMCPY2D, dstMemoryType) &&
              offsetof(RowsCopy, toHost) == offsetof(CUDA_MEMCPY2D, dstHost) &&
              offsetof(RowsCopy, toPitch) == offsetof(CUDA_MEMCPY2D, dstPitch) &&
              offsetof(RowsCopy, width) == offsetof(CUDA_MEMCPY2D, WidthInBytes) &&
              offsetof(RowsCopy, rows) == offsetof(CUDA_MEMCPY2D, Height));
static_assert(memoryHost == CU_MEMORYTYPE_HOST && memoryDevice == CU_MEMORYTYPE_DEVICE);
static_assert(streamNonBlocking == CU_STREAM_NON_BLOCKING && eventDefault == CU_EVENT_DEFAULT);

} // namespace

} // namespace ptx::cuda
