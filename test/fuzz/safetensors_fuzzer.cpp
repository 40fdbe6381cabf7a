// Any bytes as a safetensors file: an error or tensors that lie inside it.
#include "runtime/io/safetensors.h"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int fd = ::memfd_create("fuzz", 0);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size))
    std::abort();
  ptx::Result<ptx::File> file = ptx::File::open("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
  ptx::Result<ptx::Safetensors> opened = ptx::Safetensors::open(std::move(*file));
  if (opened)
    for (const ptx::TensorEntry &entry : opened->entries()) {
      std::string bytes(entry.bytes(), '\0');
      if (!opened->read(entry, bytes.data()))
        std::abort();
    }
  return 0;
}
