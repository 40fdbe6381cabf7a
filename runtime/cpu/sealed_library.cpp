#include "runtime/cpu/sealed_library.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ptx {

Result<SealedLibrary> SealedLibrary::load(std::string_view bytes) {
  auto refuse = [](const char *what) { return Error{std::string("kernels: ") + what + ": " + std::strerror(errno)}; };
  int fd = ::memfd_create("ptx-kernels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return refuse("no memory file");
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) {
      ::close(fd);
      return refuse("cannot be written");
    }
    done += n > 0 ? static_cast<size_t>(n) : 0;
  }
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    ::close(fd);
    return refuse("cannot be sealed");
  }
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  SealedLibrary library;
  // The loader knows a library by its path first. The descriptor therefore
  // stays open as long as the library: were its number free, the next library
  // would get the same path, and be taken for this one.
  library.file = fd;
  library.handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library.handle) {
    const char *why = ::dlerror();
    return Error{std::string("kernels: cannot be loaded: ") + (why ? why : "unknown error")};
  }
  return library;
}

SealedLibrary::SealedLibrary(SealedLibrary &&other) noexcept { *this = std::move(other); }

SealedLibrary &SealedLibrary::operator=(SealedLibrary &&other) noexcept {
  std::swap(handle, other.handle);
  std::swap(file, other.file);
  return *this;
}

SealedLibrary::~SealedLibrary() {
  if (handle)
    ::dlclose(handle);
  if (file >= 0)
    ::close(file);
}

Result<Kernel> SealedLibrary::find(const std::string &name) const {
  void *symbol = handle ? ::dlsym(handle, name.c_str()) : nullptr;
  if (!symbol)
    return Error{"kernels: there is no kernel '" + name + "'"};
  return reinterpret_cast<Kernel>(symbol);
}

} // namespace ptx
