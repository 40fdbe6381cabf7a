#include "runtime/emulator/fiber.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

#ifndef __x86_64__
#error "the emulator switches fibers on x86-64 alone"
#endif

// What the calling convention lets a caller expect back: six registers and the
// stack. Kernels never change rounding modes, so those stay.
asm(R"(
.text
.globl ptx_emulator_switch
.hidden ptx_emulator_switch
.type ptx_emulator_switch, @function
ptx_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  retq
.size ptx_emulator_switch, .-ptx_emulator_switch
)");

namespace ptx::emulator {

Status Stacks::reserve(size_t count) {
  while (mapped.size() < count) {
    void *made =
        ::mmap(nullptr, guard + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED)
      return Error{std::string("emulator: no memory for stacks: ") + std::strerror(errno)};
    mapped.push_back(static_cast<char *>(made));
    if (::mprotect(made, guard, PROT_NONE) != 0)
      return Error{std::string("emulator: no guard page: ") + std::strerror(errno)};
  }
  return {};
}

Stacks::~Stacks() {
  for (char *stack : mapped)
    ::munmap(stack, guard + bytes);
}

void *Stacks::start(size_t index, void (*entry)()) const {
  // From the top: a word that keeps the stack aligned as after a call, where to
  // return to, and the six registers the switch restores. Stacks start staggered,
  // or their tops would share a few cache sets.
  size_t stagger = index % 16 * 192;
  void **top = reinterpret_cast<void **>(low(index) + bytes - stagger);
  top -= 2;
  *top = reinterpret_cast<void *>(entry);
  top[1] = nullptr;
  top -= 6;
  std::fill_n(top, 6, nullptr);
  return static_cast<void *>(top);
}

} // namespace ptx::emulator
