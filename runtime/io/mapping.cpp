#include "runtime/io/mapping.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace ptx {

Result<Mapping> Mapping::of(const File &file) {
  Mapping mapping;
  if (file.size() == 0)
    return mapping;
  void *memory = ::mmap(nullptr, file.size(), PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (memory == MAP_FAILED)
    return Error{"'" + printable(file.path()) + "': its " + std::to_string(file.size()) +
                 " bytes cannot be mapped: " + std::strerror(errno)};
  mapping.start = static_cast<const char *>(memory);
  mapping.count = file.size();
  return mapping;
}

Mapping::~Mapping() {
  if (start)
    ::munmap(const_cast<char *>(start), count);
}

} // namespace ptx
