// The device's memory: one reserved arena, and beside it a byte of state for
// every byte and a record of accesses for every cell, found by arithmetic.
#ifndef PTX_RUNTIME_EMULATOR_MEMORY_H
#define PTX_RUNTIME_EMULATOR_MEMORY_H

#include "runtime/emulator/races.h"
#include "runtime/io/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace ptx::emulator {

/// State of a byte.
enum : uint8_t {
  byteAllocated = 1,
  byteInitialised = 2, // uploaded, or written by a kernel
  byteReadable = 4,    // in a range of the running launch
  byteWritable = 8,    // in one that it may write
  bytePending = 16,    // a cp.async in flight will write it
};
/// What memory that nobody wrote holds: a NaN as f32.
constexpr int poison = 0xFF;

class Memory {
public:
  static Result<std::unique_ptr<Memory>> create(size_t arenaBytes);
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  ~Memory();

  struct Allocation {
    size_t bytes;
    std::string name;
  };
  /// Uninitialised bytes, 256-aligned, with a red zone on both sides.
  Result<uint64_t> allocate(size_t bytes, std::string name);
  Status release(uint64_t address);
  /// The whole of [address, address + bytes) must lie in one allocation.
  Status check(uint64_t address, size_t bytes, std::string_view what) const;
  void setState(uint64_t address, size_t bytes, uint8_t set, uint8_t clear);
  /// Poisons bytes: from here on nobody has written them.
  void forget(uint64_t address, size_t bytes);

  /// The allocation whose start is the last at or before an address.
  const std::pair<const uint64_t, Allocation> *before(uint64_t address) const;

  bool contains(uint64_t address, uint64_t bytes) const {
    uint64_t offset = address - base;
    return offset < size && bytes <= size - offset;
  }
  uint8_t *state(uint64_t address) const { return states + (address - base); }
  Cell &cell(uint64_t address) const { return cells[(address - base) / Cell::bytes]; }

private:
  Memory() = default;
  uint64_t base = 0;
  size_t size = 0;
  uint8_t *states = nullptr;
  Cell *cells = nullptr;
  size_t used = 0;
  std::map<uint64_t, Allocation> live;
  std::multimap<size_t, uint64_t> freed; // by the bytes they take in the arena
};

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_MEMORY_H
