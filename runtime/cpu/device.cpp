#include "runtime/cpu/device.h"

#include "runtime/cpu/chooser.h"
#include "runtime/cpu/level.h"
#include "runtime/cpu/pages.h"
#include "runtime/cpu/pool.h"
#include "runtime/cpu/roof.h"
#include "runtime/cpu/sealed_library.h"
#include "runtime/cpu/tiles.h"
#include "runtime/device/guarded.h"

#include <chrono>

using namespace ptx;

namespace {

// Vector loads may touch the bytes behind the last row.
constexpr size_t slackBytes = 256, scratchAlignment = 64;

struct CpuKernel {
  Kernel function = nullptr;
  TileRule rule;
  size_t scratchBase = 0, scratchPerKey = 0;
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// A name of its own: devices of one binary must not share one.
struct CpuDevice {
  explicit CpuDevice(const ptx_device_options &options) : pool(usableThreads(options.threads)) {
    wantedLevel = options.level ? options.level : "";
  }
  Pool pool;
  Pages pages;
  std::string wantedLevel, level;
  SealedLibrary library;
  std::vector<CpuKernel> kernels;
};

struct CpuQueue {
  explicit CpuQueue(CpuDevice &device) : device(device), workers(device.pool.size()) {}
  ~CpuQueue() { std::free(scratch); }
  CpuQueue(const CpuQueue &) = delete;
  CpuQueue &operator=(const CpuQueue &) = delete;
  CpuDevice &device;
  char *scratch = nullptr;
  size_t scratchSize = 0;
  std::vector<Tile> tiles;
  // Of the call that is expected.
  ThreadChooser chooser;
  size_t launchesLeft = 0;
  double spent = 0;
  uint32_t workers;
  Pool::Trust trust = Pool::Trust::Judge;
};

CpuDevice *cpu(ptx_device *device) { return reinterpret_cast<CpuDevice *>(device); }
CpuQueue *cpu(ptx_device_queue *queue) { return reinterpret_cast<CpuQueue *>(queue); }

int open(const ptx_device_options *options, ptx_device **device, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    *device = reinterpret_cast<ptx_device *>(new CpuDevice(*options));
    return {};
  });
}

void close(ptx_device *device) { delete cpu(device); }

int allocate(ptx_device *device, size_t bytes, uint64_t *address, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    void *memory = bytes + slackBytes < bytes ? nullptr : cpu(device)->pages.take(bytes + slackBytes);
    if (!memory)
      return Error{"no memory for " + std::to_string(bytes) + " bytes"};
    *address = reinterpret_cast<uint64_t>(memory);
    return {};
  });
}

void release(ptx_device *, uint64_t address, size_t bytes) {
  Pages::giveBack(reinterpret_cast<void *>(address), bytes + slackBytes);
}

Status loadKernels(CpuDevice &device, const ptx_code_payload *payloads, size_t count, const ptx_kernel_info *kernels,
                   size_t kernelCount) {
  std::vector<std::string> available;
  for (const std::string &level : cpuLevels())
    for (size_t i = 0; i < count; ++i)
      if (level == payloads[i].variant)
        available.push_back(level);
  if (available.empty())
    return Error{"the artifact holds no CPU kernels: it was compiled for another target"};
  Result<std::string> level = chooseLevel(available, device.wantedLevel);
  if (!level)
    return level.error();
  device.level = *level;
  for (size_t i = 0; i < count; ++i) {
    if (device.level != payloads[i].variant)
      continue;
    Result<SealedLibrary> loaded =
        SealedLibrary::load({static_cast<const char *>(payloads[i].bytes), payloads[i].size});
    if (!loaded)
      return loaded.error();
    device.library = std::move(*loaded);
  }
  for (size_t i = 0; i < kernelCount; ++i) {
    Result<Kernel> function = device.library.find(kernels[i].name);
    if (!function)
      return function.error();
    auto integer = [&](const char *name, int64_t otherwise) {
      return std::max<int64_t>(metadataOf(kernels[i], name, otherwise), otherwise);
    };
    device.kernels.push_back({*function,
                              {integer("row_grain", 1), integer("column_grain", 1), integer("column_lanes", 1),
                               integer("prepares_rows", 0) != 0, integer("row_multiple", 1)},
                              static_cast<size_t>(integer("scratch_base", 0)),
                              static_cast<size_t>(integer("scratch_per_key", 0))});
  }
  return {};
}

int load(ptx_device *device, const ptx_code_payload *payloads, size_t count, const ptx_kernel_info *kernels,
         size_t kernelCount, const ptx_kernel_info *, size_t, ptx_device_message *message) {
  return guardedDevice(message, [&] { return loadKernels(*cpu(device), payloads, count, kernels, kernelCount); });
}

const char *variant(ptx_device *device) { return cpu(device)->level.c_str(); }
uint32_t workers(ptx_device *device) { return cpu(device)->pool.size(); }
double probe(ptx_device *device) { return probeArithmetic(cpu(device)->pool, cpu(device)->level); }
double probeRead(ptx_device *device, uint64_t bytes) {
  return probeReading(cpu(device)->pool, cpu(device)->level, bytes);
}

int queueOpen(ptx_device *device, ptx_device_queue **queue, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    *queue = reinterpret_cast<ptx_device_queue *>(new CpuQueue(*cpu(device)));
    return {};
  });
}

void queueClose(ptx_device_queue *queue) { delete cpu(queue); }

/// One part per worker; bytes of a part.
Result<size_t> reserveScratch(CpuQueue &queue, const ptx_launch &launch) {
  size_t part = 0;
  for (size_t i = 0; i < launch.problem_count; ++i) {
    const CpuKernel &kernel = queue.device.kernels[launch.problems[i].kernel];
    size_t keys = (static_cast<size_t>(launch.problems[i].most_keys) + 15) / 16 * 16;
    part = std::max(part, kernel.scratchBase + kernel.scratchPerKey * keys);
  }
  part = (part + scratchAlignment - 1) / scratchAlignment * scratchAlignment;
  size_t size = part * queue.device.pool.size();
  if (size > queue.scratchSize) {
    std::free(queue.scratch);
    queue.scratch = static_cast<char *>(std::aligned_alloc(scratchAlignment, size));
    queue.scratchSize = queue.scratch ? size : 0;
    if (!queue.scratch)
      return Error{"no memory for " + std::to_string(size) + " bytes of scratch"};
  }
  return part;
}

Status runLaunch(CpuQueue &queue, const ptx_launch &launch, ptx_launch_times &times) {
  CpuDevice &device = queue.device;
  times.start = seconds();
  Result<size_t> part = reserveScratch(queue, launch);
  if (!part)
    return part.error();
  auto ruleOf = [&](const ptx_problem &problem) -> const TileRule & { return device.kernels[problem.kernel].rule; };
  bool alone = cutTiles({launch.problems, launch.problem_count}, ruleOf, queue.workers, queue.tiles);
  times.tiles = static_cast<uint32_t>(queue.tiles.size());
  auto runTile = [&](size_t index, size_t worker) {
    const Tile &tile = queue.tiles[index];
    const ptx_problem &problem = launch.problems[tile.problem];
    device.kernels[problem.kernel].function(problem.words, tile.r0, tile.r1, tile.c0, tile.c1,
                                            queue.scratch + worker * *part);
  };
  auto runTimed = [&](size_t index, size_t worker) {
    ptx_worker_times &own = times.workers[worker];
    if (own.tiles++ == 0)
      own.start = seconds();
    runTile(index, worker);
    own.end = seconds();
  };
  auto runAll = [&](auto &run) {
    if (!alone)
      return static_cast<double>(device.pool.run(queue.tiles.size(), run, queue.trust)) * 1e-9;
    for (size_t i = 0; i < queue.tiles.size(); ++i)
      run(i, 0);
    return 0.0;
  };
  times.waited = times.workers ? runAll(runTimed) : runAll(runTile);
  times.end = seconds();
  return {};
}

void expect(ptx_device_queue *queue, const ptx_launch *launches, size_t count) {
  CpuQueue &own = *cpu(queue);
  double work = 0;
  for (size_t i = 0; i < count; ++i)
    work += workOf({launches[i].problems, launches[i].problem_count});
  own.workers = own.chooser.choose(work) == ThreadChooser::Together ? own.device.pool.size() : 1;
  own.trust = own.chooser.measures() ? Pool::Trust::Always : Pool::Trust::Judge;
  own.launchesLeft = count;
  own.spent = 0;
}

int launch(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
           ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    CpuQueue &own = *cpu(queue);
    for (size_t i = 0; i < count; ++i) {
      if (Status status = runLaunch(own, launches[i], times[i]); !status)
        return status;
      own.spent += times[i].end - times[i].start;
      if (own.launchesLeft == 1)
        own.chooser.took(own.spent);
      own.launchesLeft -= own.launchesLeft != 0;
    }
    return {};
  });
}

} // namespace

const ptx_device_table *ptx::cpuDevice() {
  static constexpr ptx_device_table table = {
      .version = PTX_DEVICE_VERSION,
      .struct_size = sizeof(ptx_device_table),
      .name = "cpu",
      .whole = nullptr,
      .host_memory = 1,
      .wants_windows = 0,
      .open = open,
      .close = close,
      .allocate = allocate,
      .release = release,
      .upload = nullptr,
      .download = nullptr,
      .load = load,
      .variant = variant,
      .workers = workers,
      .probe = probe,
      .probe_read = probeRead,
      .queue_open = queueOpen,
      .queue_close = queueClose,
      .expect = expect,
      .launch = launch,
      .synchronise = nullptr,
  };
  return &table;
}
