// A directory that lives as long as a test.
#ifndef PTX_TEST_RUNTIME_IO_TEMPORARY_H
#define PTX_TEST_RUNTIME_IO_TEMPORARY_H

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace ptx::test {

class Temporary {
public:
  Temporary() {
    char name[] = "/tmp/ptx-test-XXXXXX";
    root = ::mkdtemp(name);
  }
  ~Temporary() { std::filesystem::remove_all(root); }
  std::string path(const std::string &name) const { return (root / name).string(); }
  std::string directory() const { return root.string(); }
  std::string write(const std::string &name, const std::string &bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

private:
  std::filesystem::path root;
};

/// A safetensors file: length, header, data.
inline std::string safetensors(const std::string &header, const std::string &data = "") {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header + data;
}

} // namespace ptx::test

#endif // PTX_TEST_RUNTIME_IO_TEMPORARY_H
