// Kernels loaded from memory that nobody can change any more.
#ifndef PTX_RUNTIME_CPU_SEALED_LIBRARY_H
#define PTX_RUNTIME_CPU_SEALED_LIBRARY_H

#include "runtime/io/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ptx {

/// See "CPU kernel ABI" in runtime/FORMAT.md.
using Kernel = void (*)(const uint64_t *args, int64_t r0, int64_t r1, int64_t c0, int64_t c1, void *scratch);

class SealedLibrary {
public:
  static Result<SealedLibrary> load(std::string_view bytes);
  SealedLibrary() = default;
  SealedLibrary(SealedLibrary &&other) noexcept;
  SealedLibrary &operator=(SealedLibrary &&other) noexcept;
  ~SealedLibrary();
  Result<Kernel> find(const std::string &name) const;

private:
  void *handle = nullptr;
  int file = -1;
};

} // namespace ptx

#endif // PTX_RUNTIME_CPU_SEALED_LIBRARY_H
