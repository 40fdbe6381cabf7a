// Launches of one session on a stream of its own: one upload of the table of
// problems, then kernel after kernel, with an event behind each. Contractions
// of many rows are calls of cuBLASLt, where it is there.
#include "runtime/cuda/cuda_device.h"
#include "runtime/cuda/matmul.h"

#include <memory>
#include <utility>

using namespace ptx;
using namespace ptx::cuda;

namespace {

struct MatmulCall {
  LibraryCall call;
  std::shared_ptr<const MatmulRoutine> routine;
};

/// A launch, ready for the device: calls of the library, then a grid.
struct ReadyLaunch {
  std::vector<MatmulCall> calls;
  GridLaunch grid;
};

struct CudaQueue {
  explicit CudaQueue(CudaDevice &device) : device(device) {}

  Result<ReadyLaunch> prepare(const ptx_launch &launch);
  Status reserve(size_t count);
  Status start(const ptx_launch *launches, size_t count);
  Status finish();

  CudaDevice &device;
  Stream stream = nullptr;
  std::vector<Event> events; // in front of the first launch and behind each
  Address table = 0;
  size_t tableBytes = 0;
  std::unique_ptr<Matmul> matmul; // from the first call that may need it

  // What was started and not waited for yet. The driver may read the words and
  // the caller's launches and times stay where they are until then.
  std::vector<uint64_t> words;
  std::vector<ReadyLaunch> ready;
  const ptx_launch *pending = nullptr;
  ptx_launch_times *times = nullptr;

private:
  Result<bool> plan(const LibraryCall &call, std::vector<MatmulCall> &calls);
  Status startCalls(const ReadyLaunch &launch, const char *label);
  Code startGrid(const GridLaunch &grid);
  /// The driver tells of a fault at some later call, at once only when told so.
  Error fault(Code code, const char *where, const ptx_launch &launch) {
    return device.failure(code, std::string("a kernel failed at or ") + where + " launch '" + launch.label +
                                    "' (with CUDA_LAUNCH_BLOCKING=1 this names the launch itself)");
  }
};

CudaQueue *queueOf(ptx_device_queue *queue) { return reinterpret_cast<CudaQueue *>(queue); }

/// Adds a call that the library has a routine for; false where it has none.
Result<bool> CudaQueue::plan(const LibraryCall &call, std::vector<MatmulCall> &calls) {
  if (!matmul) {
    Result<std::unique_ptr<Matmul>> made = Matmul::open(device, *device.blas);
    if (!made)
      return made.error();
    matmul = std::move(*made);
  }
  Result<std::shared_ptr<const MatmulRoutine>> routine = matmul->find(call);
  if (!routine)
    return routine.error();
  if (*routine)
    calls.push_back({call, *routine});
  return *routine != nullptr;
}

Result<ReadyLaunch> CudaQueue::prepare(const ptx_launch &launch) {
  ReadyLaunch made;
  ptx_launch rest = launch;
  PartedLaunch parted;
  if (device.blas) {
    Status status;
    parted = device.libraryRules.part(launch, [&](const LibraryCall &call) {
      Result<bool> taken = status ? plan(call, made.calls) : false;
      if (!taken)
        status = taken.error();
      return taken && *taken;
    });
    if (!status)
      return status.error();
    rest = {launch.label, parted.kernels.data(), parted.kernels.size()};
  }
  Result<GridLaunch> grid = device.rules.plan(rest, words);
  if (!grid)
    return grid.error();
  made.grid = *grid;
  return made;
}

/// Room on the device for the words, and the events.
Status CudaQueue::reserve(size_t count) {
  while (events.size() < count + 1) {
    Event event = nullptr;
    if (Code code = device.driver.eventCreate(&event, eventDefault))
      return device.failure(code, "no event for a launch");
    events.push_back(event);
  }
  size_t bytes = words.size() * sizeof words[0];
  if (bytes <= tableBytes)
    return {};
  bytes = std::max(bytes, 2 * tableBytes);
  if (table)
    device.driver.memFree(table);
  table = 0;
  tableBytes = 0;
  if (Code code = device.driver.memAlloc(&table, bytes))
    return device.failure(code, "no memory for a table of " + std::to_string(bytes) + " bytes");
  tableBytes = bytes;
  return {};
}

Status CudaQueue::startCalls(const ReadyLaunch &launch, const char *label) {
  for (const MatmulCall &entry : launch.calls)
    if (BlasStatus status = matmul->run(*entry.routine, entry.call, stream)) {
      std::string what =
          std::string("launch '") + label + "': " + device.blas->name + " fails with " + describe(*device.blas, status);
      // The library's own codes do not tell whether the context is lost.
      if (Code code = device.driver.streamSynchronise(stream))
        return device.failure(code, what);
      return Error{what};
    }
  return {};
}

Code CudaQueue::startGrid(const GridLaunch &grid) {
  if (grid.blocks == 0)
    return success;
  const GridRules::Entry &entry = device.rules.entries()[grid.entry];
  Address first = table + grid.offset * sizeof words[0];
  uint32_t problems = grid.problems, stride = grid.stride;
  void *parameters[] = {&first, &problems, &stride};
  return device.driver.launch(device.functions[grid.entry], grid.blocks, 1, 1, entry.threads, 1, 1, entry.sharedBytes,
                              stream, parameters, nullptr);
}

Status CudaQueue::start(const ptx_launch *launches, size_t count) {
  const DriverFunctions &driver = device.driver;
  if (!words.empty())
    if (Code code = driver.uploadAsync(table, words.data(), words.size() * sizeof words[0], stream))
      return device.failure(code, "upload of the problems");
  if (Code code = driver.eventRecord(events[0], stream))
    return device.failure(code, "an event cannot be recorded");
  for (size_t i = 0; i < count; ++i) {
    if (Status status = startCalls(ready[i], launches[i].label); !status)
      return status;
    Code code = startGrid(ready[i].grid);
    if (!code)
      code = driver.eventRecord(events[i + 1], stream);
    if (isFault(code))
      return fault(code, "before", launches[i]);
    if (code)
      return device.failure(code, std::string("launch '") + launches[i].label + "' does not start");
  }
  return {};
}

/// Waits for one launch after the other: once a kernel has failed, no event
/// tells any more whether it was reached, so what completed must be seen before.
Status CudaQueue::finish() {
  const ptx_launch *launches = std::exchange(pending, nullptr);
  if (!launches)
    return {};
  double before = 0;
  for (size_t i = 0; i < ready.size(); ++i) {
    float milliseconds = 0;
    Code code = device.driver.eventSynchronise(events[i + 1]);
    if (!code)
      code = device.driver.eventElapsed(&milliseconds, events[0], events[i + 1]);
    if (code)
      return fault(code, "after", launches[i]);
    times[i] = {before, milliseconds * 1e-3, ready[i].grid.blocks, 0, times[i].workers};
    before = times[i].end;
  }
  return {};
}

} // namespace

int ptx::cuda::queueOpen(ptx_device *opaque, ptx_device_queue **queue, ptx_device_message *message) {
  CudaDevice *device = cudaOf(opaque);
  return inContext(*device, message, [&]() -> Status {
    auto made = std::make_unique<CudaQueue>(*device);
    if (Code code = device->driver.streamCreate(&made->stream, streamNonBlocking))
      return device->failure(code, "no stream");
    *queue = reinterpret_cast<ptx_device_queue *>(made.release());
    return {};
  });
}

void ptx::cuda::queueClose(ptx_device_queue *opaque) {
  std::unique_ptr<CudaQueue> queue(queueOf(opaque));
  const DriverFunctions &driver = queue->device.driver;
  Current current(queue->device);
  driver.streamSynchronise(queue->stream); // it may still read the words
  for (Event event : queue->events)
    driver.eventDestroy(event);
  if (queue->table)
    driver.memFree(queue->table);
  queue->matmul.reset();
  driver.streamDestroy(queue->stream);
}

int ptx::cuda::launch(ptx_device_queue *opaque, const ptx_launch *launches, size_t count, ptx_launch_times *times,
                      ptx_device_message *message) {
  CudaQueue *queue = queueOf(opaque);
  return inContext(queue->device, message, [&]() -> Status {
    if (Status status = queue->finish(); !status)
      return status;
    queue->words.clear();
    queue->ready.clear();
    for (size_t i = 0; i < count; ++i) {
      Result<ReadyLaunch> ready = queue->prepare(launches[i]);
      if (!ready)
        return ready.error();
      queue->ready.push_back(std::move(*ready));
    }
    if (count == 0)
      return {};
    if (Status status = queue->reserve(count); !status)
      return status;
    Status status = queue->start(launches, count);
    if (!status) {
      // The caller may drop what was started: nothing of it may run on.
      queue->device.driver.streamSynchronise(queue->stream);
      return status;
    }
    queue->pending = launches;
    queue->times = times;
    return {};
  });
}

int ptx::cuda::synchronise(ptx_device_queue *opaque, ptx_device_message *message) {
  CudaQueue *queue = queueOf(opaque);
  return inContext(queue->device, message, [&] { return queue->finish(); });
}
