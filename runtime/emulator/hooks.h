// What emulated kernels and the emulator know of each other: the table of
// functions a kernel calls in place of GPU instructions, and the description a
// shared object of kernels carries. The compiler makes both from this file, so
// neither may change without a new version.
#ifndef PTX_RUNTIME_EMULATOR_HOOKS_H
#define PTX_RUNTIME_EMULATOR_HOOKS_H

#include <cstdint>

namespace ptx::emulator {

constexpr uint32_t hooksVersion = 2;

/// Special registers, in the order `specialRegister` numbers them.
enum class Register : uint32_t {
  TidX,
  TidY,
  TidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NtidX,
  NtidY,
  NtidZ,
  NctaidX,
  NctaidY,
  NctaidZ, // clang-format off
  Lane, WarpSize, // clang-format on
};

enum class Shuffle : uint32_t { Up, Down, Butterfly, Index };
enum class Factor : uint32_t { F16, BF16 };
enum class Vote : uint32_t { All, Any, Uniform, Ballot };

/// Flags of an access; the logarithm of the alignment it claims stands above them.
enum : uint32_t { accessWrites = 1, accessAtomic = 2, accessAlignShift = 8 };

/// HOOK(name, result, arguments...). Addresses are 64-bit; `site` numbers the
/// instruction in the object's table of places; `flush` is the .ftz of PTX.
#define PTX_EMULATOR_HOOKS(HOOK)                                                                                       \
  /* Memory: checks before the kernel's own load or store; copy and fill do all of it. */                              \
  HOOK(access, void, uint64_t address, uint32_t bytes, uint32_t flags, uint32_t site)                                  \
  HOOK(copy, void, uint64_t to, uint64_t from, uint64_t bytes, uint32_t site)                                          \
  HOOK(fill, void, uint64_t to, uint32_t byte, uint64_t bytes, uint32_t site)                                          \
  HOOK(sharedBase, uint64_t)                                                                                           \
  HOOK(copyAsync, void, uint32_t bytes, uint64_t to, uint64_t from, uint32_t sourceBytes, uint32_t site)               \
  HOOK(commitCopies, void)                                                                                             \
  HOOK(waitCopies, void, uint32_t groupsLeft)                                                                          \
  HOOK(waitAllCopies, void)                                                                                            \
  /* Threads. Of barriers, count 0 means the whole block. */                                                           \
  HOOK(specialRegister, uint32_t, uint32_t which)                                                                      \
  HOOK(barrier, void, uint32_t aligned, uint32_t id, uint32_t count, uint32_t site)                                    \
  HOOK(warpBarrier, void, uint32_t mask, uint32_t site)                                                                \
  HOOK(fence, void)                                                                                                    \
  /* The value in the low half, the predicate above it. */                                                             \
  HOOK(shuffle, uint64_t, uint32_t mode, uint32_t mask, uint32_t value, uint32_t lane, uint32_t clamp, uint32_t site)  \
  HOOK(vote, uint32_t, uint32_t mode, uint32_t mask, uint32_t predicate, uint32_t site)                                \
  /* One lane's part of d = a b + c of a warp; its four sums are then asked for. `type` is a Factor. */                \
  HOOK(mma, void, uint32_t type, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,         \
       float c0, float c1, float c2, float c3, uint32_t site)                                                          \
  HOOK(mmaSum, float, uint32_t index)                                                                                  \
  HOOK(step, void, uint32_t site) /* once around a loop that calls nothing else */                                     \
  HOOK(exitThread, void)                                                                                               \
  HOOK(trap, void, uint32_t site)                                                                                      \
  /* Arithmetic that x86 has no one instruction for; approximations are exact here, rounded to f32. */                 \
  HOOK(exp2, float, uint32_t flush, float x)                                                                           \
  HOOK(log2, float, uint32_t flush, float x)                                                                           \
  HOOK(sine, float, uint32_t flush, float x)                                                                           \
  HOOK(cosine, float, uint32_t flush, float x)                                                                         \
  HOOK(tangentH, float, uint32_t flush, float x)                                                                       \
  HOOK(reciprocal, float, uint32_t flush, float x)                                                                     \
  HOOK(inverseRoot, float, uint32_t flush, float x)                                                                    \
  HOOK(root, float, uint32_t flush, float x)                                                                           \
  HOOK(absolute, float, uint32_t flush, float x)                                                                       \
  HOOK(add, float, uint32_t flush, float x, float y)                                                                   \
  HOOK(multiply, float, uint32_t flush, float x, float y)                                                              \
  HOOK(divide, float, uint32_t flush, float x, float y)                                                                \
  HOOK(fusedAdd, float, uint32_t flush, float x, float y, float z)                                                     \
  HOOK(minimum, float, uint32_t flush, uint32_t keepNan, float x, float y)                                             \
  HOOK(maximum, float, uint32_t flush, uint32_t keepNan, float x, float y)

struct Hooks {
#define PTX_EMULATOR_HOOK(name, result, ...) result (*name)(__VA_ARGS__);
  PTX_EMULATOR_HOOKS(PTX_EMULATOR_HOOK)
#undef PTX_EMULATOR_HOOK
};

/// A variable in shared memory, or a global one of the module.
struct VariableInfo {
  const char *name;
  uint64_t address; // of a shared variable: its offset from the block's base
  uint64_t bytes;
};

struct KernelInfo {
  const char *name;
  void (*run)(const uint64_t *params);
  uint64_t params;
  uint64_t sharedBytes;   // of static variables and the gaps between them
  uint64_t dynamicOffset; // where dynamic shared memory starts
  uint64_t sharedCount;
  const VariableInfo *shared;
};

/// Exported as `ptx_emulator_module`, beside the pointer `ptx_emulator_hooks`
/// that the loader sets to the table before anything runs.
struct ModuleInfo {
  uint64_t version;
  uint64_t kernelCount;
  const KernelInfo *kernels;
  uint64_t siteCount;
  const char *const *sites; // "file:line", or "-"
  uint64_t globalCount;
  const VariableInfo *globals;
};

} // namespace ptx::emulator

#endif // PTX_RUNTIME_EMULATOR_HOOKS_H
