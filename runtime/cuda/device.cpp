#include "runtime/cuda/device.h"

#include "runtime/cuda/cuda_device.h"

#include <memory>

using namespace ptx;
using namespace ptx::cuda;

namespace {

constexpr uint32_t plainShared = 48 << 10; // bytes that a kernel may have without asking
constexpr size_t logBytes = 8192;
constexpr uint64_t weightAlignment = 4; // floats; as passes/Target/CUDA lays weights out

Status readProperties(CudaDevice &device) {
  const DriverFunctions &driver = device.driver;
  int count = 0, multiprocessors = 0;
  char name[256] = {};
  if (Code code = driver.deviceCount(&count))
    return device.failure(code, "the devices cannot be counted");
  if (count == 0)
    return Error{"there is no CUDA device"};
  Code code = driver.deviceGet(&device.ordinal, 0);
  if (!code)
    code = driver.deviceName(name, sizeof name - 1, device.ordinal);
  if (!code)
    code = driver.deviceAttribute(&device.gpu.major, capabilityMajor, device.ordinal);
  if (!code)
    code = driver.deviceAttribute(&device.gpu.minor, capabilityMinor, device.ordinal);
  if (!code)
    code = driver.deviceAttribute(&multiprocessors, multiprocessorCount, device.ordinal);
  if (code)
    return device.failure(code, "the first device cannot be asked what it is");
  device.gpu.name = name;
  device.multiprocessors = static_cast<uint32_t>(multiprocessors);
  return {};
}

int open(const ptx_device_options *options, ptx_device **device, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    Result<const DriverFunctions *> driver = openDriver();
    if (!driver)
      return driver.error();
    auto made = std::make_unique<CudaDevice>(**driver, options->level ? options->level : "");
    if (Status status = readProperties(*made); !status)
      return status;
    if (Code code = made->driver.contextRetain(&made->context, made->ordinal))
      return made->failure(code, "the device '" + made->gpu.name + "' gives no context");
    *device = reinterpret_cast<ptx_device *>(made.release());
    return {};
  });
}

/// After a fault every call fails, and the context goes with its last user.
void close(ptx_device *opaque) {
  CudaDevice *device = cudaOf(opaque);
  if (device->module) {
    Current current(*device);
    device->driver.moduleUnload(device->module);
  }
  device->driver.contextRelease(device->ordinal);
  delete device;
}

/// Copying from pageable memory may return before it is done, and the queues'
/// streams do not wait for the default stream.
Code finish(CudaDevice &device, Code code) { return code ? code : device.driver.streamSynchronise(nullptr); }

int allocate(ptx_device *opaque, size_t bytes, uint64_t *address, ptx_device_message *message) {
  CudaDevice *device = cudaOf(opaque);
  return inContext(*device, message, [&]() -> Status {
    Address memory = 0;
    if (Code code = device->driver.memAlloc(&memory, std::max<size_t>(bytes, 1)))
      return device->failure(code, "no memory for " + std::to_string(bytes) + " bytes on '" + device->gpu.name + "'");
    *address = memory;
    return {};
  });
}

void release(ptx_device *opaque, uint64_t address, size_t) {
  CudaDevice *device = cudaOf(opaque);
  Current current(*device);
  device->driver.memFree(address);
}

int upload(ptx_device *opaque, uint64_t to, const void *from, size_t bytes, ptx_device_message *message) {
  CudaDevice *device = cudaOf(opaque);
  return inContext(*device, message, [&]() -> Status {
    if (bytes == 0)
      return {};
    if (Code code = finish(*device, device->driver.upload(to, from, bytes)))
      return device->failure(code, "upload of " + std::to_string(bytes) + " bytes");
    return {};
  });
}

int download(ptx_device *opaque, void *to, uint64_t from, size_t width, size_t pitch, size_t rows,
             ptx_device_message *message) {
  CudaDevice *device = cudaOf(opaque);
  return inContext(*device, message, [&]() -> Status {
    if (width == 0 || rows == 0)
      return {};
    RowsCopy copy;
    copy.fromType = memoryDevice;
    copy.fromDevice = from;
    copy.fromPitch = pitch;
    copy.toType = memoryHost;
    copy.toHost = to;
    copy.toPitch = copy.width = width;
    copy.rows = rows;
    if (Code code = device->driver.copyRows(&copy))
      return device->failure(code,
                             "download of " + std::to_string(rows) + " rows of " + std::to_string(width) + " bytes");
    return {};
  });
}

Status loadModule(CudaDevice &device, const ptx_code_payload &payload) {
  // Text ends with a zero, which a payload has not; its copy is aligned too.
  std::string image(static_cast<const char *>(payload.bytes), payload.size), log(logBytes, '\0');
  int names[] = {jitErrorLog, jitErrorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(logBytes - 1)};
  Code code = device.driver.moduleLoad(&device.module, image.data(), 2, names, values);
  if (!code)
    return {};
  device.module = nullptr;
  Error error = device.failure(code, "the variant '" + device.variant + "' cannot be loaded on '" + device.gpu.name +
                                         "' (sm_" + std::to_string(device.gpu.capability()) + ")");
  log.resize(log.find('\0'));
  if (!log.empty())
    error.message += "; the driver says: " + log;
  return error;
}

/// The kernel of every entry, allowed the shared memory it needs.
Status findFunctions(CudaDevice &device) {
  for (const GridRules::Entry &entry : device.rules.entries()) {
    Function function = nullptr;
    if (Code code = device.driver.moduleFunction(&function, device.module, entry.name.c_str()))
      return device.failure(code, "the variant '" + device.variant + "' has no kernel '" + entry.name + "'");
    if (entry.sharedBytes > plainShared)
      if (Code code = device.driver.functionSet(function, maxDynamicShared, static_cast<int>(entry.sharedBytes)))
        return device.failure(code, "the kernel '" + entry.name + "' needs " + std::to_string(entry.sharedBytes) +
                                        " bytes of shared memory");
    device.functions.push_back(function);
  }
  return {};
}

/// cuBLASLt, where a kernel may be a call of it.
Status findLibrary(CudaDevice &device, std::span<const ptx_kernel_info> kernels) {
  device.libraryRules = LibraryRules::read(kernels, weightAlignment);
  if (device.libraryRules.empty())
    return {};
  Result<const Blas *> blas = openBlas();
  if (!blas)
    return blas.error();
  device.blas = *blas;
  return {};
}

int load(ptx_device *opaque, const ptx_code_payload *payloads, size_t count, const ptx_kernel_info *kernels,
         size_t kernelCount, const ptx_kernel_info *entries, size_t entryCount, ptx_device_message *message) {
  CudaDevice *device = cudaOf(opaque);
  return inContext(*device, message, [&]() -> Status {
    std::vector<std::string> variants;
    for (size_t i = 0; i < count; ++i)
      variants.push_back(payloads[i].variant);
    Result<size_t> chosen = chooseVariant(variants, device->gpu, device->wantedVariant);
    if (!chosen)
      return chosen.error();
    Result<GridRules> rules = GridRules::read({kernels, kernelCount}, {entries, entryCount});
    if (!rules)
      return rules.error();
    device->rules = std::move(*rules);
    device->variant = variants[*chosen];
    if (Status status = loadModule(*device, payloads[*chosen]); !status)
      return status;
    if (Status status = findFunctions(*device); !status)
      return status;
    return findLibrary(*device, {kernels, kernelCount});
  });
}

const char *variant(ptx_device *device) { return cudaOf(device)->variant.c_str(); }
uint32_t workers(ptx_device *device) { return cudaOf(device)->multiprocessors; }

} // namespace

const ptx_device_table *ptx::cudaDevice() {
  static constexpr ptx_device_table table = {
      .version = PTX_DEVICE_VERSION,
      .struct_size = sizeof(ptx_device_table),
      .name = "cuda",
      .whole = nullptr,
      .host_memory = 0,
      .wants_windows = 0,
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
