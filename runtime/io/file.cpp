#include "runtime/io/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ptx {

static std::string systemError() { return std::strerror(errno); }

static FileStamp stampOf(const struct stat &status) {
  return {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size), status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec};
}

Result<File> File::open(const std::string &path) {
  File file;
  file.name = path;
  // O_NONBLOCK: a FIFO would otherwise wait for its writer.
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd < 0)
    return Error{"'" + printable(path) + "': cannot be opened: " + systemError()};
  struct stat status;
  if (::fstat(file.fd, &status) != 0)
    return Error{"'" + printable(path) + "': " + systemError()};
  if (!S_ISREG(status.st_mode))
    return Error{"'" + printable(path) + "': is not a regular file"};
  file.state = stampOf(status);
  return file;
}

File::File(File &&other) noexcept { *this = std::move(other); }

File &File::operator=(File &&other) noexcept {
  std::swap(fd, other.fd);
  std::swap(name, other.name);
  std::swap(state, other.state);
  return *this;
}

File::~File() {
  if (fd >= 0)
    ::close(fd);
}

Status File::readAt(uint64_t offset, void *out, size_t size) const {
  char *target = static_cast<char *>(out);
  while (size > 0) {
    ssize_t got = ::pread(fd, target, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return Error{"'" + printable(name) + "': cannot be read: " + systemError()};
    if (got == 0)
      return Error{"'" + printable(name) + "': ends at byte " + std::to_string(offset) + ", expected " +
                   std::to_string(size) + " more; it was cut after it was opened"};
    target += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return {};
}

Status File::unchanged() const {
  struct stat status;
  if (::fstat(fd, &status) != 0)
    return Error{"'" + printable(name) + "': " + systemError()};
  if (stampOf(status) != state)
    return Error{"'" + printable(name) + "': was changed while it was read"};
  return {};
}

Result<std::string> readWhole(const std::string &path, uint64_t cap) {
  Result<File> file = File::open(path);
  if (!file)
    return file.error();
  if (file->size() > cap)
    return Error{"'" + printable(path) + "': has " + std::to_string(file->size()) + " bytes, at most " +
                 std::to_string(cap) + " are read"};
  std::string text(file->size(), '\0');
  if (Status status = file->readAt(0, text.data(), text.size()); !status)
    return status.error();
  return text;
}

Result<File> openInside(const std::string &directory, const std::string &name, bool followLinks) {
  bool plain = !name.empty() && name != "." && name != "..";
  for (unsigned char c : name)
    plain = plain && c >= 0x20 && c != 0x7f && c != '/' && c != '\\' && c != ':';
  if (!plain)
    return Error{"'" + printable(directory) + "': '" + printable(name) +
                 "' is not a plain file name: names inside a file may not lead to other directories"};
  std::filesystem::path base(directory), path = base / name;
  std::error_code error;
  if (!followLinks && std::filesystem::is_symlink(path, error)) {
    auto target = std::filesystem::canonical(path, error);
    if (error)
      return Error{"'" + printable(path.string()) + "': a link that leads nowhere"};
    auto own = std::filesystem::canonical(base, error);
    auto blobs = own.parent_path().parent_path() / "blobs"; // snapshots/<revision>/x -> ../../blobs/<hash>
    if (target.parent_path() != own && target.parent_path() != blobs)
      return Error{"'" + printable(path.string()) + "': a link that leaves the directory, to '" +
                   printable(target.string()) + "'; --follow-links allows it"};
  }
  return File::open(path.string());
}

std::string printable(std::string_view name) {
  constexpr size_t longest = 300;
  std::string text;
  for (unsigned char c : name.substr(0, longest)) {
    if (c >= 0x20 && c != 0x7f) {
      text += static_cast<char>(c);
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", c);
    text += escaped;
  }
  if (name.size() > longest)
    text += "... (" + std::to_string(name.size()) + " bytes)";
  return text;
}

} // namespace ptx
