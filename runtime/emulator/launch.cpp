#include "runtime/emulator/launch.h"

namespace ptx::emulator {

thread_local Launch *current = nullptr;

Launch::Launch(Machine &machine, const Grid &grid)
    : machine(machine), memory(*machine.memory), grid(grid), kernel(*grid.kernel->info),
      scheduler(machine.options.schedule, machine.options.seed) {
  bool ranges = machine.options.checkRanges && !grid.ranges.empty();
  readNeeds = byteInitialised | (ranges ? byteReadable : byteAllocated);
  writeNeeds = ranges ? byteWritable : byteAllocated;
  tracked = writeNeeds; // what nobody may write has no races
}

Status Launch::checkGrid() const {
  auto refuse = [&](const std::string &what) {
    return Error{std::string("kernel '") + kernel.name + "' (" + grid.label + "): " + what};
  };
  if (grid.params.size() != kernel.params)
    return refuse(std::to_string(grid.params.size()) + " parameters, expected " + std::to_string(kernel.params));
  uint64_t threadCount = uint64_t{1} * grid.threads[0] * grid.threads[1] * grid.threads[2];
  for (uint32_t extent : grid.threads)
    if (extent == 0 || extent > Scheduler::maxThreads || threadCount > Scheduler::maxThreads)
      return refuse(std::to_string(threadCount) + " threads in a block, expected 1 to 1024");
  for (uint32_t extent : grid.blocks)
    if (extent == 0)
      return refuse("a grid without blocks");
  if (kernel.dynamicOffset + grid.sharedBytes > maxSharedBytes)
    return refuse(std::to_string(kernel.dynamicOffset + grid.sharedBytes) + " bytes of shared memory, at most " +
                  std::to_string(maxSharedBytes));
  return {};
}

// Marks what the launch may touch, byte by byte: an access then looks at one place.
Status Launch::openRanges() {
  for (const Range &range : grid.ranges) {
    if (range.rows == 0 || range.width == 0)
      continue;
    std::string what = std::string("range '") + range.name + "' of kernel '" + kernel.name + "' (" + grid.label + ")";
    if (range.rows > 1 && range.pitch > SIZE_MAX / range.rows)
      return Error{"emulator: " + what + " is too large"};
    if (Status inside = memory.check(range.address, (range.rows - 1) * range.pitch + range.width, what); !inside)
      return inside;
  }
  for (const Range &range : grid.ranges)
    for (uint64_t row = 0; row < range.rows; ++row)
      memory.setState(range.address + row * range.pitch, range.width, byteReadable | (range.write ? byteWritable : 0),
                      0);
  return {};
}

void Launch::closeRanges() {
  memory.setState(machine.shared, sharedBytes, 0, 0xFF);
  for (const Range &range : grid.ranges)
    for (uint64_t row = 0; row < range.rows; ++row)
      memory.setState(range.address + row * range.pitch, range.width, 0, byteReadable | byteWritable);
}

Status Launch::run() {
  if (Status fine = checkGrid(); !fine)
    return fine;
  uint32_t threadCount = grid.threads[0] * grid.threads[1] * grid.threads[2];
  if (Status reserved = machine.stacks.reserve(threadCount); !reserved)
    return reserved;
  if (Status opened = openRanges(); !opened)
    return opened;
  threads.resize(threadCount);
  sharedBytes = kernel.dynamicOffset + grid.sharedBytes;
  nextEpoch();
  moment.launchStart = moment.epoch;
  Launch *outer = std::exchange(current, this);
  for (uint64_t number : scheduler.blockOrder(uint64_t{1} * grid.blocks[0] * grid.blocks[1] * grid.blocks[2])) {
    runBlock(number);
    if (!failure.empty())
      break;
  }
  current = outer;
  closeRanges();
  return failure.empty() ? Status() : Status(Error{failure});
}

void Launch::beginBlock(uint64_t number) {
  block = number;
  nextEpoch();
  moment.blockStart = moment.epoch;
  blockStarts.emplace_back(moment.epoch, number);
  arrived.fill(0);
  alive = threads.size();
  warps.assign((threads.size() + warpSize - 1) / warpSize, Warp{});
  for (uint32_t i = 0; i < threads.size(); ++i) {
    Thread &fresh = threads[i];
    fresh = Thread{};
    fresh.index = i;
    fresh.x = i % grid.threads[0];
    fresh.y = i / grid.threads[0] % grid.threads[1];
    fresh.z = i / grid.threads[0] / grid.threads[1];
    fresh.stack = machine.stacks.start(i, enterThread);
  }
  // Shared memory: poisoned, and closed between the variables.
  constexpr uint8_t open = byteAllocated | byteReadable | byteWritable;
  memory.setState(machine.shared, sharedBytes, 0, 0xFF);
  for (uint64_t i = 0; i < kernel.sharedCount; ++i)
    memory.setState(machine.shared + kernel.shared[i].address, kernel.shared[i].bytes, open, 0);
  memory.setState(machine.shared + kernel.dynamicOffset, grid.sharedBytes, open, 0);
  std::memset(reinterpret_cast<void *>(machine.shared), poison, sharedBytes);
  scheduler.begin(threads.size());
}

void Launch::runBlock(uint64_t number) {
  beginBlock(number);
  while (alive != 0) {
    int next = scheduler.next();
    if (next < 0) {
      reportDeadlock();
      return;
    }
    thread = &threads[next];
    ptx_emulator_switch(&scheduling, thread->stack);
    if (!failure.empty())
      return;
  }
}

void Launch::enterThread() {
  current->kernel.run(current->grid.params.data());
  current->exitThread();
}

void Launch::suspend() { ptx_emulator_switch(&thread->stack, scheduling); }

void Launch::exitThread() {
  thread->wait = Wait::Exited;
  --alive;
  for (const Thread &other : threads) {
    bool sameWarp = other.index / warpSize == thread->index / warpSize;
    bool expected =
        other.wait == Wait::Barrier || (sameWarp && other.wait != Wait::None && other.wait != Wait::Exited &&
                                        other.mask >> thread->index % warpSize & 1);
    if (expected) {
      report("exits while " + nameThread(other.index) + " waits for it at " + place(other.site) +
             (other.wait == Wait::Barrier ? ", divergent barrier" : ", divergent warp operation"));
      abandon();
    }
  }
  suspend();
  __builtin_unreachable();
}

void Launch::trap(uint32_t site) {
  thread->site = site;
  report("trap");
  abandon();
}

void Launch::endSlice() {
  slice = scheduler.slice();
  steps += slice;
  if (steps > machine.options.maxSteps) {
    report("still running after " + std::to_string(machine.options.maxSteps) +
           " steps of the launch, endless loop or too small a bound");
    abandon();
  }
  scheduler.yield(thread->index);
  suspend();
}

uint32_t Launch::specialRegister(Register which) const {
  switch (which) {
  case Register::TidX:
    return thread->x;
  case Register::TidY:
    return thread->y;
  case Register::TidZ:
    return thread->z;
  case Register::CtaidX:
    return block % grid.blocks[0];
  case Register::CtaidY:
    return block / grid.blocks[0] % grid.blocks[1];
  case Register::CtaidZ:
    return block / grid.blocks[0] / grid.blocks[1];
  case Register::NtidX:
  case Register::NtidY:
  case Register::NtidZ:
    return grid.threads[static_cast<uint32_t>(which) - static_cast<uint32_t>(Register::NtidX)];
  case Register::NctaidX:
  case Register::NctaidY:
  case Register::NctaidZ:
    return grid.blocks[static_cast<uint32_t>(which) - static_cast<uint32_t>(Register::NctaidX)];
  case Register::Lane:
    return thread->index % warpSize;
  case Register::WarpSize:
    return warpSize;
  }
  __builtin_unreachable();
}

} // namespace ptx::emulator
