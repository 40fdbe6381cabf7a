// A file as memory that nobody writes.
#ifndef PTX_RUNTIME_IO_MAPPING_H
#define PTX_RUNTIME_IO_MAPPING_H

#include "runtime/io/file.h"

#include <utility>

namespace ptx {

/// The whole of a file, read-only. Processes that map one file share its pages.
/// A file that is replaced by rename stays as it was for who has mapped it; one
/// that is cut where it lies ends the process at the next read, as a library would.
class Mapping {
public:
  static Result<Mapping> of(const File &file);
  Mapping(Mapping &&other) noexcept { *this = std::move(other); }
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(start, other.start);
    std::swap(count, other.count);
    return *this;
  }
  ~Mapping();

  const char *data() const { return start; }
  uint64_t size() const { return count; }

private:
  Mapping() = default;
  const char *start = nullptr;
  uint64_t count = 0;
};

} // namespace ptx

#endif // PTX_RUNTIME_IO_MAPPING_H
