#include "runtime/emulator/memory.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace ptx::emulator {

static constexpr size_t alignment = 256;
static constexpr size_t redZone = 256; // before and after every allocation

// What an allocation takes of the arena, with the red zone behind it.
static size_t footprint(size_t bytes) { return (bytes + redZone + alignment - 1) / alignment * alignment; }

// Address space alone: pages come when they are touched, and as zeros.
static void *reserve(size_t bytes) {
  void *made = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return made == MAP_FAILED ? nullptr : made;
}

Result<std::unique_ptr<Memory>> Memory::create(size_t arenaBytes) {
  std::unique_ptr<Memory> memory(new Memory);
  memory->size = (arenaBytes + alignment - 1) / alignment * alignment;
  memory->base = reinterpret_cast<uint64_t>(reserve(memory->size));
  memory->states = static_cast<uint8_t *>(reserve(memory->size));
  memory->cells = static_cast<Cell *>(reserve(memory->size / Cell::bytes * sizeof(Cell)));
  if (!memory->base || !memory->states || !memory->cells)
    return Error{"emulator: no address space for " + std::to_string(arenaBytes) +
                 " bytes of device memory: " + std::strerror(errno)};
  memory->used = redZone;
  return memory;
}

Memory::~Memory() {
  if (base)
    ::munmap(reinterpret_cast<void *>(base), size);
  if (states)
    ::munmap(states, size);
  if (cells)
    ::munmap(cells, size / Cell::bytes * sizeof(Cell));
}

Result<uint64_t> Memory::allocate(size_t bytes, std::string name) {
  if (bytes > size)
    return Error{"emulator: " + std::to_string(bytes) + " bytes do not fit into the device memory"};
  size_t taken = footprint(bytes);
  uint64_t address;
  if (auto again = freed.find(taken); again != freed.end()) {
    address = again->second;
    freed.erase(again);
  } else {
    if (taken > size - used)
      return Error{"emulator: the device memory of " + std::to_string(size) + " bytes is full"};
    address = base + used;
    used += taken;
  }
  if (name.empty())
    name = "allocation " + std::to_string(live.size());
  live[address] = {bytes, std::move(name)};
  setState(address, bytes, byteAllocated, 0);
  forget(address, bytes);
  return address;
}

Status Memory::release(uint64_t address) {
  auto found = live.find(address);
  if (found == live.end())
    return Error{"emulator: no allocation starts at the address to release"};
  size_t bytes = found->second.bytes;
  std::memset(state(address), 0, bytes);
  freed.emplace(footprint(bytes), address);
  live.erase(found);
  return {};
}

const std::pair<const uint64_t, Memory::Allocation> *Memory::before(uint64_t address) const {
  auto after = live.upper_bound(address);
  return after == live.begin() ? nullptr : &*std::prev(after);
}

Status Memory::check(uint64_t address, size_t bytes, std::string_view what) const {
  const auto *found = before(address);
  uint64_t offset = found ? address - found->first : 0;
  if (found && offset <= found->second.bytes && bytes <= found->second.bytes - offset)
    return {};
  return Error{"emulator: " + std::string(what) + " of " + std::to_string(bytes) +
               " bytes lies outside every allocation"};
}

void Memory::setState(uint64_t address, size_t bytes, uint8_t set, uint8_t clear) {
  uint8_t *at = state(address);
  for (size_t i = 0; i < bytes; ++i)
    at[i] = (at[i] & ~clear) | set;
}

void Memory::forget(uint64_t address, size_t bytes) {
  std::memset(reinterpret_cast<void *>(address), poison, bytes);
  setState(address, bytes, 0, byteInitialised);
}

} // namespace ptx::emulator
