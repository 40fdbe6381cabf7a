// Launches of one session on a stream of its own: one upload of the table of
// problems, then kernel after kernel, with an event behind each.
#include "runtime/cuda/open_gpu.h"

#include <memory>
#include <utility>

using namespace ptx;
using namespace ptx::cuda;

struct ptx_device_queue {
  explicit ptx_device_queue(ptx_device &device) : device(device) {}

  Status start(const ptx_launch *launches, size_t count);
  Status finish();
  Status reserve(size_t count);
  /// The driver tells of a fault at some later call, at once only when told so.
  Error fault(Code code, const char *where, const ptx_launch &launch) {
    return device.failure(code, std::string("a kernel failed at or ") + where + " launch '" + launch.label +
                                    "' (with CUDA_LAUNCH_BLOCKING=1 this names the launch itself)");
  }

  ptx_device &device;
  Stream stream = nullptr;
  std::vector<Event> events; // in front of the first launch and behind each
  Address table = 0;
  size_t tableBytes = 0;

  // What was started and not waited for yet. The driver may read the words and
  // the caller's launches and times stay where they are until then.
  std::vector<uint64_t> words;
  std::vector<GridLaunch> plans;
  const ptx_launch *pending = nullptr;
  ptx_launch_times *times = nullptr;
};

/// Room on the device for the words, and the events.
Status ptx_device_queue::reserve(size_t count) {
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

Status ptx_device_queue::start(const ptx_launch *launches, size_t count) {
  const DriverFunctions &driver = device.driver;
  if (!words.empty())
    if (Code code = driver.uploadAsync(table, words.data(), words.size() * sizeof words[0], stream))
      return device.failure(code, "upload of the problems");
  if (Code code = driver.eventRecord(events[0], stream))
    return device.failure(code, "an event cannot be recorded");
  for (size_t i = 0; i < count; ++i) {
    GridLaunch &plan = plans[i];
    Code code = success;
    if (plan.blocks > 0) {
      const GridRules::Entry &entry = device.rules.entries()[plan.entry];
      Address first = table + plan.offset * sizeof words[0];
      void *parameters[] = {&first, &plan.problems, &plan.stride};
      code = driver.launch(device.functions[plan.entry], plan.blocks, 1, 1, entry.threads, 1, 1, entry.sharedBytes,
                           stream, parameters, nullptr);
    }
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
Status ptx_device_queue::finish() {
  const ptx_launch *launches = std::exchange(pending, nullptr);
  if (!launches)
    return {};
  double before = 0;
  for (size_t i = 0; i < plans.size(); ++i) {
    float milliseconds = 0;
    Code code = device.driver.eventSynchronise(events[i + 1]);
    if (!code)
      code = device.driver.eventElapsed(&milliseconds, events[0], events[i + 1]);
    if (code)
      return fault(code, "after", launches[i]);
    times[i] = {before, milliseconds * 1e-3, plans[i].blocks, 0};
    before = times[i].end;
  }
  return {};
}

int ptx::cuda::queueOpen(ptx_device *device, ptx_device_queue **queue, ptx_device_message *message) {
  return inContext(*device, message, [&]() -> Status {
    auto made = std::make_unique<ptx_device_queue>(*device);
    if (Code code = device->driver.streamCreate(&made->stream, streamNonBlocking))
      return device->failure(code, "no stream");
    *queue = made.release();
    return {};
  });
}

void ptx::cuda::queueClose(ptx_device_queue *queue) {
  const DriverFunctions &driver = queue->device.driver;
  {
    Current current(queue->device);
    driver.streamSynchronise(queue->stream); // it may still read the words
    for (Event event : queue->events)
      driver.eventDestroy(event);
    if (queue->table)
      driver.memFree(queue->table);
    driver.streamDestroy(queue->stream);
  }
  delete queue;
}

int ptx::cuda::launch(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
                      ptx_device_message *message) {
  return inContext(queue->device, message, [&]() -> Status {
    if (Status status = queue->finish(); !status)
      return status;
    queue->words.clear();
    queue->plans.clear();
    for (size_t i = 0; i < count; ++i) {
      Result<GridLaunch> plan = queue->device.rules.plan(launches[i], queue->words);
      if (!plan)
        return plan.error();
      queue->plans.push_back(*plan);
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

int ptx::cuda::synchronise(ptx_device_queue *queue, ptx_device_message *message) {
  return inContext(queue->device, message, [&] { return queue->finish(); });
}
