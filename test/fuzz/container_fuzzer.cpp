// Containers of any bytes, and containers whose hashes are right but whose
// index is the fuzzer's, so that what lies behind the hash is reached too.
#include "runtime/core/container.h"
#include "runtime/io/hash.h"

#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace ptx;

namespace {

void open(const std::string &bytes) {
  int fd = ::memfd_create("fuzz", 0);
  if (::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()))
    (void)Container::open("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  open(text);
  std::string header("PTXM\r\n\x1a\n\1\0\0\0\0\0\0\0", 16);
  for (uint64_t value : {uint64_t(80 + 8 + size), uint64_t(88), uint64_t(size), uint64_t(0)})
    header.append(reinterpret_cast<const char *>(&value), sizeof value);
  open(header + hashHex(text.data(), text.size()) + "payloads" + text);
  return 0;
}
