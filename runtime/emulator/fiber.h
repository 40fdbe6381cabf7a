// Fibers: stacks that one OS thread switches between. Each thread of an
// emulated block runs on one.
#ifndef PTX_RUNTIME_EMULATOR_FIBER_H
#define PTX_RUNTIME_EMULATOR_FIBER_H

#include "runtime/io/result.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ptx::emulator {

/// Saves the running fiber's registers and its stack in `*from`, and goes on where
/// `to` was saved.
extern "C" void ptx_emulator_switch(void **from, void *to);

/// Stacks with a guard page below each, kept for the next block.
class Stacks {
public:
  Stacks() = default;
  Stacks(const Stacks &) = delete;
  Stacks &operator=(const Stacks &) = delete;
  ~Stacks();

  static constexpr size_t bytes = 64 << 10; // of a stack
  /// Makes sure that there are `count` of them.
  Status reserve(size_t count);
  /// Lowest address of stack `index`.
  char *low(size_t index) const { return mapped[index] + guard; }
  /// What to switch to so that `entry` runs on stack `index`; it may not return.
  void *start(size_t index, void (*entry)()) const;

private:
  static constexpr size_t guard = 4096;
  std::vector<char *> mapped;
};

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_FIBER_H
