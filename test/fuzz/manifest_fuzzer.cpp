// Manifests of any text: refused, or accepted with every index in its table.
#include "runtime/core/manifest.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)ptx::readManifest({reinterpret_cast<const char *>(data), size}, "fuzz");
  return 0;
}
