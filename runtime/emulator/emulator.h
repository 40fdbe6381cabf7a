// Runs GPU kernels on the CPU and checks everything they do: bounds, alignment,
// initialisation, races, barriers, shuffles and asynchronous copies. Kernels come
// from passes/Target/Emulator; the first fault ends a launch with one line that
// names the kernel, the place and the thread.
//
// An emulator belongs to one OS thread at a time; several may run side by side.
#ifndef PTX_RUNTIME_EMULATOR_EMULATOR_H
#define PTX_RUNTIME_EMULATOR_EMULATOR_H

#include "runtime/emulator/hooks.h"
#include "runtime/io/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::emulator {

/// In which order threads and blocks run. Every order is one the device may take.
enum class Schedule {
  BySeed,     // 0 to 3: the four below in turn; every other seed is Random
  RoundRobin, // threads and blocks ascending
  Reverse,    // threads descending
  WarpAhead,  // one warp runs as far as it can before any other
  LastFirst,  // blocks descending
  Random,     // chosen at every wait, and in between
};

struct Options {
  uint64_t seed = 0;
  Schedule schedule = Schedule::BySeed;
  bool checkRanges = true;             // else a launch may touch every live allocation
  uint64_t maxSteps = 4'000'000'000;   // accesses, waits and turns of loops of one launch
  size_t arenaBytes = size_t{8} << 30; // address space for device memory
};

/// Memory that a launch may read, or read and write: `rows` of `width` bytes,
/// `pitch` bytes apart.
struct Range {
  uint64_t address;
  uint64_t rows;
  uint64_t pitch;
  uint64_t width;
  bool write;
  const char *name;
};

struct KernelCode {
  const KernelInfo *info;
  const ModuleInfo *module;
};

/// A loaded shared object; kernels stay valid as long as it.
class Code {
public:
  Code(Code &&other) noexcept;
  Code &operator=(Code &&other) noexcept;
  ~Code();
  Result<const KernelCode *> find(std::string_view name) const;
  const std::vector<KernelCode> &kernels() const;

private:
  friend class Emulator;
  struct State;
  explicit Code(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

struct Grid {
  std::string label;
  const KernelCode *kernel = nullptr;
  std::vector<uint64_t> params; // a word each: integers, bits of an f32, addresses
  uint32_t blocks[3] = {1, 1, 1};
  uint32_t threads[3] = {1, 1, 1};
  uint32_t sharedBytes = 0;  // dynamic; those of static variables are known
  std::vector<Range> ranges; // none: every live allocation may be read and written
};

class Emulator {
public:
  static Result<Emulator> create(const Options &options = {});
  Emulator(Emulator &&other) noexcept;
  Emulator &operator=(Emulator &&other) noexcept;
  ~Emulator();

  /// Loads what compileToHost made. Needs no emulator: code may serve several.
  static Result<Code> load(std::string_view sharedObject);

  /// Device memory, which is uninitialised until it is uploaded or written. Its
  /// addresses are addresses of this process, but go through upload and download.
  Result<uint64_t> allocate(size_t bytes, std::string name = {});
  Status release(uint64_t address);
  Status upload(uint64_t address, const void *from, size_t bytes);
  /// Fails on bytes that nobody wrote.
  Status download(void *to, uint64_t address, size_t bytes) const;
  /// The bytes hold nothing any more: a slot whose value is dead.
  Status forget(uint64_t address, size_t bytes);

  /// Runs a grid to its end, or to its first fault.
  Status launch(const Grid &grid);

private:
  struct State;
  explicit Emulator(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_EMULATOR_H
