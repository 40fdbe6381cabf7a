// The functions of libcuda.so.1 that the runtime uses, on no GPU. Every call is
// recorded as a line of text; nothing on a stream happens before it is waited
// for, and faults are found as late as on a device.
#include "test/runtime/cuda/fake_state.h"

#include <cstring>
#include <sstream>

// The name that every driver exports; newer headers hide it behind another.
#undef cuEventElapsedTime
extern "C" CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);

using namespace ptx::fake;

namespace {

thread_local std::vector<CUcontext> current;
const CUcontext primary = reinterpret_cast<CUcontext>(0x1000);

template <typename... Parts> std::string line(const char *name, const Parts &...parts) {
  std::ostringstream text;
  text << name;
  ((text << ' ' << parts), ...);
  return text.str();
}

/// A call that needs no context.
template <typename Body> CUresult plain(const std::string &text, Body &&body) {
  std::lock_guard lock(state().mutex);
  state().calls += text + "\n";
  return body();
}

/// A call in a context, which one fault breaks for good.
template <typename Body> CUresult inContext(const std::string &text, Body &&body) {
  return plain(text, [&]() -> CUresult {
    if (current.empty() || state().retained == 0)
      return CUDA_ERROR_INVALID_CONTEXT;
    return state().sticky ? state().sticky : body();
  });
}

std::string place(CUdeviceptr address) {
  std::lock_guard lock(state().mutex);
  return state().nameOf(address);
}

/// Puts a copy or a fill on a stream: it touches the host's memory when it runs.
CUresult enqueue(CUstream stream, CUdeviceptr to, size_t bytes, std::function<void()> body) {
  Stream *found = state().find(stream);
  if (!found || !state().holds(to, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  found->work.push_back([=] {
    bool there = state().holds(to, bytes);
    if (there)
      state().touch(body);
    return there ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_ADDRESS;
  });
  return CUDA_SUCCESS;
}

void *host(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

} // namespace

bool ptx::fake::hasContext() { return !current.empty(); }

FakeMachine *fake_machine() { return &state().machine; }

void fake_reset() {
  std::lock_guard lock(state().mutex);
  state().machine = {};
  state().calls.clear();
  state().kernels = state().numbered = 0;
}

const char *fake_calls() { return state().calls.c_str(); }

int fake_live() {
  const State &all = state();
  return all.retained + all.blasObjects +
         static_cast<int>(all.blocks.size() + all.streams.size() + all.events.size() + all.modules.size());
}

CUresult cuInit(unsigned flags) {
  return plain(line("cuInit", flags), [] { return static_cast<CUresult>(state().machine.initError); });
}

CUresult cuGetErrorName(CUresult code, const char **text) {
  switch (code) {
#define NAME(code)                                                                                                     \
  case code:                                                                                                           \
    *text = #code;                                                                                                     \
    return CUDA_SUCCESS;
    NAME(CUDA_ERROR_INVALID_VALUE)
    NAME(CUDA_ERROR_OUT_OF_MEMORY)
    NAME(CUDA_ERROR_NO_DEVICE)
    NAME(CUDA_ERROR_INVALID_IMAGE)
    NAME(CUDA_ERROR_NO_BINARY_FOR_GPU)
    NAME(CUDA_ERROR_INVALID_PTX)
    NAME(CUDA_ERROR_NOT_FOUND)
    NAME(CUDA_ERROR_ILLEGAL_ADDRESS)
    NAME(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)
    NAME(CUDA_ERROR_LAUNCH_FAILED)
    NAME(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)
#undef NAME
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuGetErrorString(CUresult, const char **text) {
  *text = "so says the fake";
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  return plain("cuDeviceGetCount", [&] {
    *count = state().machine.devices;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGet(CUdevice *device, int number) {
  return plain(line("cuDeviceGet", number), [&] {
    *device = number;
    return number < state().machine.devices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
  });
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  return plain(line("cuDeviceGetName", device), [&] {
    std::strncpy(name, "Fake GPU", static_cast<size_t>(size));
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  return plain(line("cuDeviceGetAttribute", attribute, device), [&] {
    const FakeMachine &machine = state().machine;
    switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      *value = machine.major;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      *value = machine.minor;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      *value = machine.multiprocessors;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
    }
  });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  return plain(line("cuDevicePrimaryCtxRetain", device), [&] {
    ++state().retained;
    *context = primary;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  return plain(line("cuDevicePrimaryCtxRelease_v2", device), [&] {
    if (state().retained == 0)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (--state().retained == 0 && state().sticky)
      state().dropContext();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  return plain("cuCtxPushCurrent_v2", [&] {
    current.push_back(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetCurrent(CUcontext context) {
  return plain("cuCtxSetCurrent", [&] {
    current.assign(1, context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSynchronize() {
  return inContext("cuCtxSynchronize", [] {
    for (auto &[handle, stream] : state().streams)
      if (CUresult code = state().run(*stream))
        return code;
    return state().run(state().defaultStream);
  });
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  return plain("cuCtxPopCurrent_v2", [&] {
    if (current.empty())
      return CUDA_ERROR_INVALID_CONTEXT;
    *context = current.back();
    current.pop_back();
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  return inContext(line("cuMemAlloc_v2", bytes), [&] { return state().allocate(bytes, *address); });
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  return inContext(line("cuMemFree_v2", place(address)), [&] { return state().release(address); });
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  return inContext(line("cuMemcpyHtoD_v2", place(to), bytes),
                   [&] { return enqueue(nullptr, to, bytes, [=] { std::memcpy(host(to), from, bytes); }); });
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  return inContext(line("cuMemcpyHtoDAsync_v2", place(to), bytes),
                   [&] { return enqueue(stream, to, bytes, [=] { std::memcpy(host(to), from, bytes); }); });
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *copy) {
  return inContext(line("cuMemcpy2D_v2", place(copy->srcDevice), copy->WidthInBytes, copy->srcPitch, copy->Height),
                   [&] {
                     size_t bytes = copy->srcPitch * (copy->Height - 1) + copy->WidthInBytes;
                     if (copy->srcMemoryType != CU_MEMORYTYPE_DEVICE || copy->dstMemoryType != CU_MEMORYTYPE_HOST ||
                         copy->WidthInBytes > copy->srcPitch || !state().holds(copy->srcDevice, bytes))
                       return CUDA_ERROR_INVALID_VALUE;
                     if (CUresult code = state().run(state().defaultStream))
                       return code;
                     state().touch([&] {
                       for (size_t r = 0; r < copy->Height; ++r)
                         std::memcpy(static_cast<char *>(copy->dstHost) + r * copy->dstPitch,
                                     host(copy->srcDevice + r * copy->srcPitch), copy->WidthInBytes);
                     });
                     return CUDA_SUCCESS;
                   });
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, CUjit_option *names, void **values) {
  return inContext(line("cuModuleLoadDataEx"), [&] {
    std::unique_ptr<Module> made;
    CUresult code = Module::parse(static_cast<const char *>(image), state().machine, made);
    if (code == CUDA_ERROR_INVALID_PTX && count == 2 && names[0] == CU_JIT_ERROR_LOG_BUFFER &&
        names[1] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      std::strncpy(static_cast<char *>(values[0]), state().machine.jitError, reinterpret_cast<size_t>(values[1]));
    if (code)
      return code;
    *module = reinterpret_cast<CUmodule>(made.get());
    state().modules[*module] = std::move(made);
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return inContext(line("cuMemcpyDtoD_v2", place(to), place(from), bytes), [&] {
    if (!state().holds(from, bytes))
      return CUDA_ERROR_INVALID_VALUE;
    return enqueue(nullptr, to, bytes, [=] { std::memcpy(host(to), host(from), bytes); });
  });
}

CUresult cuModuleUnload(CUmodule module) {
  return inContext("cuModuleUnload",
                   [&] { return state().modules.erase(module) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  return inContext(line("cuModuleGetFunction", name), [&] {
    Module &code = *state().modules.at(module);
    auto &functions = code.functions;
    if (code.real)
      functions[name].name = name;
    auto found = functions.find(name);
    if (found == functions.end())
      return CUDA_ERROR_NOT_FOUND;
    *function = reinterpret_cast<CUfunction>(&found->second);
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  Function &kernel = *reinterpret_cast<Function *>(function);
  return inContext(line("cuFuncSetAttribute", kernel.name, attribute, value), [&] {
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value > int(state().machine.maxShared))
      return CUDA_ERROR_INVALID_VALUE;
    kernel.maxShared = value;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  return inContext(line("cuStreamCreate", flags), [&] {
    auto made = std::make_unique<Stream>();
    *stream = reinterpret_cast<CUstream>(made.get());
    state().streams[*stream] = std::move(made);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamDestroy_v2(CUstream stream) {
  return inContext("cuStreamDestroy_v2",
                   [&] { return state().streams.erase(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

CUresult cuStreamSynchronize(CUstream stream) {
  return inContext(line("cuStreamSynchronize", stream ? "own" : "default"), [&] {
    Stream *found = state().find(stream);
    return found ? state().run(*found) : CUDA_ERROR_INVALID_HANDLE;
  });
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  return inContext(line("cuEventCreate", flags), [&] {
    auto made = std::make_unique<Event>();
    *event = reinterpret_cast<CUevent>(made.get());
    state().events[*event] = std::move(made);
    return CUDA_SUCCESS;
  });
}

CUresult cuEventDestroy_v2(CUevent event) {
  return inContext("cuEventDestroy_v2",
                   [&] { return state().events.erase(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  return inContext("cuEventRecord", [&] {
    Event *found = state().events.at(event).get();
    *found = {state().find(stream), false, 0};
    found->stream->work.push_back([found] {
      found->done = true;
      found->time = state().clock;
      return CUDA_SUCCESS;
    });
    return CUDA_SUCCESS;
  });
}

CUresult cuEventSynchronize(CUevent event) {
  return inContext("cuEventSynchronize", [&] {
    Event *found = state().events.at(event).get();
    return state().run(*found->stream, [&] { return found->done; });
  });
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  return inContext("cuEventElapsedTime", [&] {
    const Event &from = *state().events.at(start), &to = *state().events.at(end);
    *milliseconds = static_cast<float>(to.time - from.time);
    return from.done && to.done ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
  });
}

#ifndef FAKE_WITHOUT_LAUNCH
CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned shared, CUstream stream, void **parameters,
                        void **extra) {
  const Function &kernel = *reinterpret_cast<const Function *>(function);
  // A kernel of others, in code for a real GPU, may have none.
  auto table = parameters ? *static_cast<const CUdeviceptr *>(parameters[0]) : 0;
  auto problems = parameters ? *static_cast<const uint32_t *>(parameters[1]) : 0,
       stride = parameters ? *static_cast<const uint32_t *>(parameters[2]) : 0;
  std::ostringstream text;
  text << "cuLaunchKernel " << kernel.name << " grid " << gridX << ',' << gridY << ',' << gridZ << " block " << blockX
       << ',' << blockY << ',' << blockZ << " shared " << shared << " table " << place(table) << " problems "
       << problems << " stride " << stride;
  return inContext(text.str(), [&] {
    if (state().machine.launchError)
      return static_cast<CUresult>(state().machine.launchError);
    Stream *found = state().find(stream);
    if (!found || extra || gridX == 0 || int(shared) > kernel.maxShared)
      return CUDA_ERROR_INVALID_VALUE;
    found->work.push_back([=, &kernel] { return state().runKernel(kernel, gridX, table, problems, stride); });
    return state().machine.blocking ? state().run(*found) : CUDA_SUCCESS;
  });
}
#endif
