// A library of NVIDIA's, opened at run time: one build serves machines with and
// without it.
#ifndef PTX_RUNTIME_CUDA_OPEN_LIBRARY_H
#define PTX_RUNTIME_CUDA_OPEN_LIBRARY_H

#include <dlfcn.h>
#include <string>
#include <type_traits>

namespace ptx::cuda {

class OpenLibrary {
public:
  explicit OpenLibrary(const std::string &path) : handle(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    const char *text = handle ? nullptr : ::dlerror();
    why = text ? text : path;
  }
  OpenLibrary(const OpenLibrary &) = delete;
  OpenLibrary &operator=(const OpenLibrary &) = delete;
  ~OpenLibrary() {
    if (handle)
      ::dlclose(handle);
  }

  explicit operator bool() const { return handle; }
  const std::string &whyNot() const { return why; }
  /// "'a', 'b'": what find() did not find.
  const std::string &missing() const { return absent; }
  template <typename Function> void find(Function *&function, const char *name) {
    void *symbol = ::dlsym(handle, name);
    function = reinterpret_cast<Function *>(symbol);
    if (!symbol)
      absent += (absent.empty() ? "'" : ", '") + std::string(name) + "'";
  }
  /// It stays open until the process ends.
  void keep() { handle = nullptr; }

private:
  void *handle;
  std::string why, absent;
};

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_OPEN_LIBRARY_H
