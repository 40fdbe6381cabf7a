// libptx-emulator.so: the emulator as a device of the runtime. A launch is one
// grid over its table of problems, as on a GPU; what a problem may touch is
// what its windows say. PTX_EMULATOR_SEED chooses the order of threads. Where a
// GPU would call a matrix library, a slow exact routine does it.
#include "runtime/device/grid.h"
#include "runtime/device/guarded.h"
#include "runtime/device/library_call.h"
#include "runtime/emulator/emulator.h"

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>

using namespace ptx;
using namespace ptx::emulator;

struct ptx_device {
  explicit ptx_device(Emulator emulator) : emulator(std::move(emulator)) {}
  std::mutex turn; // an emulator serves one thread at a time
  Emulator emulator;
  std::optional<Code> code;
  GridRules rules;
  LibraryRules libraryRules;
  std::vector<const KernelCode *> entries;
  std::string variant;
};

struct ptx_device_queue {
  ptx_device &device;
  uint64_t table = 0; // the problems of the launch that runs
  size_t tableBytes = 0;
  std::vector<uint64_t> words;
};

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Result<uint64_t> seedOfEnvironment() {
  const char *text = std::getenv("PTX_EMULATOR_SEED");
  if (!text || !*text)
    return uint64_t{0};
  char *end = nullptr;
  uint64_t seed = std::strtoull(text, &end, 10);
  if (*end || *text == '-')
    return Error{std::string("PTX_EMULATOR_SEED='") + text + "' is no number"};
  return seed;
}

int open(const ptx_device_options *, ptx_device **device, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    Result<uint64_t> seed = seedOfEnvironment();
    if (!seed)
      return seed.error();
    Options options;
    options.seed = *seed;
    Result<Emulator> emulator = Emulator::create(options);
    if (!emulator)
      return emulator.error();
    *device = new ptx_device(std::move(*emulator));
    return {};
  });
}

void close(ptx_device *device) { delete device; }

int allocate(ptx_device *device, size_t bytes, uint64_t *address, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    std::lock_guard lock(device->turn);
    Result<uint64_t> memory = device->emulator.allocate(bytes);
    if (!memory)
      return memory.error();
    *address = *memory;
    return {};
  });
}

void release(ptx_device *device, uint64_t address, size_t) {
  std::lock_guard lock(device->turn);
  (void)device->emulator.release(address);
}

int upload(ptx_device *device, uint64_t to, const void *from, size_t bytes, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    std::lock_guard lock(device->turn);
    return device->emulator.upload(to, from, bytes);
  });
}

int download(ptx_device *device, void *to, uint64_t from, size_t width, size_t pitch, size_t rows,
             ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    std::lock_guard lock(device->turn);
    for (size_t r = 0; r < rows; ++r)
      if (Status status = device->emulator.download(static_cast<char *>(to) + r * width, from + r * pitch, width);
          !status)
        return status;
    return {};
  });
}

int load(ptx_device *device, const ptx_code_payload *payloads, size_t count, const ptx_kernel_info *kernels,
         size_t kernelCount, const ptx_kernel_info *entries, size_t entryCount, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    if (count == 0)
      return Error{"the artifact holds no kernels for the emulator: compile with --target=emulator"};
    Result<GridRules> rules = GridRules::read({kernels, kernelCount}, {entries, entryCount});
    if (!rules)
      return rules.error();
    Result<Code> code = Emulator::load({static_cast<const char *>(payloads[0].bytes), payloads[0].size});
    if (!code)
      return code.error();
    for (const GridRules::Entry &entry : rules->entries()) {
      Result<const KernelCode *> kernel = code->find(entry.name);
      if (!kernel)
        return kernel.error();
      device->entries.push_back(*kernel);
    }
    constexpr uint64_t weightAlignment = 4; // floats; as passes/Target/CUDA lays weights out
    device->libraryRules = LibraryRules::read({kernels, kernelCount}, weightAlignment);
    device->rules = std::move(*rules);
    device->code.emplace(std::move(*code));
    device->variant = std::string("emulated ") + payloads[0].variant;
    return {};
  });
}

const char *variant(ptx_device *device) { return device->variant.c_str(); }
uint32_t workers(ptx_device *) { return 1; }

int queueOpen(ptx_device *device, ptx_device_queue **queue, ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    *queue = new ptx_device_queue{*device, 0, 0, {}};
    return {};
  });
}

void queueClose(ptx_device_queue *queue) {
  if (queue->table)
    release(&queue->device, queue->table, queue->tableBytes);
  delete queue;
}

/// A library call in f64, rounded once, through checked copies.
Status runLibraryCall(Emulator &emulator, const LibraryCall &call) {
  auto rowOf = [&](uint64_t base, int64_t row, int64_t pitch) {
    return base + static_cast<uint64_t>(row * pitch) * sizeof(float);
  };
  auto read = [&](std::vector<float> &to, uint64_t from, int64_t count) {
    to.resize(static_cast<size_t>(count));
    return emulator.download(to.data(), from, to.size() * sizeof(float));
  };
  std::vector<std::vector<float>> weight(static_cast<size_t>(call.width));
  for (int64_t n = 0; n < call.width; ++n)
    if (Status status = read(weight[static_cast<size_t>(n)], rowOf(call.weight, n, call.weightPitch), call.depth);
        !status)
      return status;
  std::vector<float> x, bias(static_cast<size_t>(call.width), 0.0f), residual(bias), y(bias);
  if (call.bias)
    if (Status status = read(bias, call.bias, call.width); !status)
      return status;
  for (int64_t m = 0; m < call.rows; ++m) {
    if (Status status = read(x, rowOf(call.x, m, call.xPitch), call.depth); !status)
      return status;
    if (call.residual)
      if (Status status = read(residual, rowOf(call.residual, m, call.residualPitch), call.width); !status)
        return status;
    for (size_t n = 0; n < y.size(); ++n) {
      double sum = static_cast<double>(residual[n]) + bias[n];
      for (size_t k = 0; k < x.size(); ++k)
        sum += static_cast<double>(x[k]) * weight[n][k];
      y[n] = static_cast<float>(call.relu && sum < 0 ? 0.0 : sum);
    }
    if (Status status = emulator.upload(rowOf(call.y, m, call.yPitch), y.data(), y.size() * sizeof(float)); !status)
      return status;
  }
  return {};
}

/// The problems to device memory.
Status uploadTable(ptx_device_queue &queue) {
  Emulator &emulator = queue.device.emulator;
  size_t bytes = queue.words.size() * sizeof(uint64_t);
  if (bytes > queue.tableBytes) {
    if (queue.table)
      if (Status status = emulator.release(queue.table); !status)
        return status;
    queue.table = 0;
    queue.tableBytes = 0;
    Result<uint64_t> memory = emulator.allocate(bytes, "table of problems");
    if (!memory)
      return memory.error();
    queue.table = *memory;
    queue.tableBytes = bytes;
  }
  return emulator.upload(queue.table, queue.words.data(), bytes);
}

/// What the launch may touch. What it writes holds nothing until it has.
Status addRanges(ptx_device_queue &queue, const ptx_launch &launch, Grid &grid) {
  uint64_t bytes = queue.words.size() * sizeof(uint64_t);
  grid.ranges.push_back({queue.table, 1, bytes, bytes, false, "table of problems"});
  for (size_t p = 0; p < launch.problem_count; ++p)
    for (size_t i = 0; i < launch.problems[p].window_count; ++i) {
      const ptx_window &window = launch.problems[p].windows[i];
      grid.ranges.push_back({window.address, window.rows, window.pitch, window.width, window.writes != 0, window.name});
      for (uint64_t r = 0; window.writes && r < window.rows; ++r)
        if (Status status = queue.device.emulator.forget(window.address + r * window.pitch, window.width); !status)
          return status;
    }
  return {};
}

Status runLaunch(ptx_device_queue &queue, const ptx_launch &launch, ptx_launch_times &times) {
  ptx_device &device = queue.device;
  std::lock_guard lock(device.turn);
  times = {seconds(), 0, 0, 0, times.workers};
  queue.words.clear();
  const PartedLaunch parted = device.libraryRules.part(launch, [](const LibraryCall &) { return true; });
  for (const LibraryCall &call : parted.calls)
    if (Status status = runLibraryCall(device.emulator, call); !status)
      return Error{"library call of '" + std::string(launch.label) + "': " + status.error().message};
  const ptx_launch rest = {launch.label, parted.kernels.data(), parted.kernels.size()};
  Result<GridLaunch> planned = device.rules.plan(rest, queue.words);
  if (!planned)
    return planned.error();
  if (planned->blocks) {
    if (Status status = uploadTable(queue); !status)
      return status;
    Grid grid;
    grid.label = launch.label;
    grid.kernel = device.entries[planned->entry];
    grid.params = {queue.table, planned->problems, planned->stride};
    grid.blocks[0] = planned->blocks;
    grid.threads[0] = device.rules.entries()[planned->entry].threads;
    grid.sharedBytes = device.rules.entries()[planned->entry].sharedBytes;
    if (Status status = addRanges(queue, rest, grid); !status)
      return status;
    if (Status status = device.emulator.launch(grid); !status)
      return status;
  }
  times.tiles = planned->blocks;
  times.end = seconds();
  return {};
}

int launch(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
           ptx_device_message *message) {
  return guardedDevice(message, [&]() -> Status {
    for (size_t i = 0; i < count; ++i)
      if (Status status = runLaunch(*queue, launches[i], times[i]); !status)
        return status;
    return {};
  });
}

} // namespace

extern "C" __attribute__((visibility("default"))) const ptx_device_table *ptx_device_plugin(void) {
  static constexpr ptx_device_table table = {
      .version = PTX_DEVICE_VERSION,
      .struct_size = sizeof(ptx_device_table),
      .name = "emulator",
      .whole = nullptr,
      .host_memory = 0,
      .wants_windows = 1,
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
      .synchronise = nullptr,
  };
  return &table;
}
