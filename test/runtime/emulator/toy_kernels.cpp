// Kernels written by hand over hooks.h, as the compiler would make them: the
// emulator is tested without it.
#include "runtime/emulator/hooks.h"

using namespace ptx::emulator;

#define EXPORT __attribute__((visibility("default")))

#ifndef TOY_VERSION
#define TOY_VERSION hooksVersion
#endif

extern "C" {
EXPORT extern const Hooks *ptx_emulator_hooks;
EXPORT extern const ModuleInfo ptx_emulator_module;
}
const Hooks *ptx_emulator_hooks = nullptr;

namespace {

constexpr uint32_t four = 2u << accessAlignShift; // f32 accesses claim four bytes

uint32_t thread() { return ptx_emulator_hooks->specialRegister(static_cast<uint32_t>(Register::TidX)); }

// out[t] = in[t ^ 1], through shared memory; without the barrier where params[2] is 0.
void exchange(const uint64_t *params) {
  const Hooks &hooks = *ptx_emulator_hooks;
  uint32_t t = thread();
  uint64_t shared = hooks.sharedBase(), in = params[0] + t * 4, out = params[1] + t * 4;
  hooks.access(in, 4, four, 0);
  float value = *reinterpret_cast<const float *>(in);
  hooks.access(shared + t * 4, 4, four | accessWrites, 1);
  *reinterpret_cast<float *>(shared + t * 4) = value;
  if (params[2])
    hooks.barrier(1, 0, 0, 2);
  uint64_t other = shared + (t ^ 1) * 4;
  hooks.access(other, 4, four, 3);
  value = *reinterpret_cast<const float *>(other);
  hooks.access(out, 4, four | accessWrites, 4);
  *reinterpret_cast<float *>(out) = value;
}

// Copies params[2] bytes at once, as a memcpy of the kernel.
void copy(const uint64_t *params) { ptx_emulator_hooks->copy(params[1], params[0], params[2], 0); }

constexpr VariableInfo shared[] = {{"values", 0, 64 * 4}};
const KernelInfo kernels[] = {{"exchange", exchange, 3, 64 * 4 + 16, 384, 1, shared},
                              {"copy", copy, 3, 0, 0, 0, nullptr}};
const char *const sites[] = {"toy.mlir:1", "toy.mlir:2", "toy.mlir:3", "toy.mlir:4", "toy.mlir:5"};

} // namespace

const ModuleInfo ptx_emulator_module = {TOY_VERSION, 2, kernels, 5, sites, 0, nullptr};
