#include "runtime/io/output.h"

#include "runtime/io/file.h"
#include "runtime/io/temporary.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ptx {

namespace {

std::string systemError() { return std::strerror(errno); }

Error unwritable(const std::string &path, const std::string &why) {
  return Error{"'" + printable(path) + "': cannot be written: " + why};
}

struct Destination {
  int stream = -1;      // our own descriptor to write to
  bool special = false; // a device or FIFO: opened and written to
  std::string path;     // behind every link
  std::string directory;
  bool exists = false; // then the new file has its mode
  mode_t mode = 0;
};

/// The descriptor that a path such as /dev/stdout or /dev/fd/3 names, or -1.
/// Its link would lead to a file that somebody else has open: that file is
/// written to at its position, never replaced.
int ownDescriptor(const std::filesystem::path &path) {
  std::error_code error;
  std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::canonical(parent, error) != "/proc/" + std::to_string(::getpid()) + "/fd" || error)
    return -1;
  std::string name = path.filename().string();
  int number = -1;
  auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  return code == std::errc() && end == name.data() + name.size() ? number : -1;
}

Result<Destination> resolve(const std::string &name) {
  Destination to;
  if (name == "-") {
    to.stream = STDOUT_FILENO;
    return to;
  }
  if (name.empty())
    return unwritable(name, "the name is empty");
  std::filesystem::path path = name;
  for (int links = 0;; ++links) {
    to.stream = ownDescriptor(path);
    if (to.stream >= 0)
      return to;
    struct stat status;
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno != ENOENT)
        return unwritable(name, systemError());
      break;
    }
    if (S_ISLNK(status.st_mode)) {
      std::error_code error;
      std::filesystem::path target = std::filesystem::read_symlink(path, error);
      if (error || links == 40)
        return unwritable(name, error ? error.message() : "too many links");
      path = path.parent_path() / target; // of an absolute target: the target
      continue;
    }
    if (S_ISDIR(status.st_mode))
      return Error{"'" + printable(name) + "': is a directory, expected the name of a file to write"};
    to.special = S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode);
    if (!to.special && !S_ISREG(status.st_mode))
      return Error{"'" + printable(name) +
                   "': is a block device or a socket, expected a file, a FIFO or a character device"};
    to.exists = true;
    to.mode = status.st_mode & 0777;
    break;
  }
  to.path = path.string();
  to.directory = path.has_parent_path() ? path.parent_path().string() : ".";
  struct stat status;
  if (::stat(to.directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return unwritable(name, "there is no directory '" + printable(to.directory) + "'");
  if (!path.has_filename())
    return unwritable(name, "the name ends with '/'");
  return to;
}

/// A descriptor that is closed, with the name for messages.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

Status appendTo(int fd, const std::string &path, const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t done = ::write(fd, bytes, size);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return unwritable(path, systemError());
    bytes += done;
    size -= static_cast<size_t>(done);
  }
  return {};
}

/// Nobody can guess the name and put a link there first.
Result<std::string> temporaryIn(const std::string &directory) {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    return Error{"no random bytes for the name of a temporary file: " + systemError()};
  std::string name = directory + "/.ptx-";
  for (unsigned char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    name += digits;
  }
  return name;
}

Status writeStream(const std::string &path, const Destination &to, const std::function<Status(const Append &)> &write) {
  std::fflush(nullptr); // what was printed before comes before
  Descriptor out{to.stream >= 0 ? ::fcntl(to.stream, F_DUPFD_CLOEXEC, 3)
                                : ::open(to.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
  if (out.fd < 0)
    return unwritable(path, systemError());
  return write([&](const void *data, size_t size) { return appendTo(out.fd, path, data, size); });
}

Status replace(const std::string &path, const Destination &to, const std::function<Status(const Append &)> &write) {
  Result<std::string> name = temporaryIn(to.directory);
  if (!name)
    return name.error();
  TemporaryName temporary(*name);
  Descriptor out{::open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)};
  if (out.fd < 0)
    return unwritable(path, systemError());
  if (to.exists && ::fchmod(out.fd, to.mode) != 0)
    return unwritable(path, systemError());
  if (Status status = write([&](const void *data, size_t size) { return appendTo(out.fd, path, data, size); }); !status)
    return status;
  if (::fsync(out.fd) != 0)
    return unwritable(path, systemError());
  if (::rename(name->c_str(), to.path.c_str()) != 0)
    return Error{"'" + printable(path) + "': cannot be replaced: " + systemError()};
  temporary.keep();
  return {};
}

} // namespace

Status writeAtomically(const std::string &path, const std::function<Status(const Append &)> &write) {
  Result<Destination> to = resolve(path);
  if (!to)
    return to.error();
  return to->stream >= 0 || to->special ? writeStream(path, *to, write) : replace(path, *to, write);
}

Status checkOutput(const std::string &path) {
  Result<Destination> to = resolve(path);
  if (!to)
    return to.error();
  if (to->stream >= 0) {
    int flags = ::fcntl(to->stream, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
      return unwritable(path, flags < 0 ? systemError() : "it is open for reading only");
    return {};
  }
  if (to->special ? ::access(to->path.c_str(), W_OK) != 0 : ::access(to->directory.c_str(), W_OK | X_OK) != 0)
    return unwritable(path, (to->special ? "" : "the directory '" + printable(to->directory) + "': ") + systemError());
  return {};
}

Status checkOutputDirectory(const std::string &path) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(path, error);
  // What is missing will be made in the nearest one that is there.
  while (place.has_relative_path() && !std::filesystem::exists(std::filesystem::symlink_status(place, error)))
    place = place.parent_path();
  if (!std::filesystem::is_directory(place, error))
    return Error{"'" + printable(path) + "': '" + printable(place.string()) + "' is not a directory"};
  if (::access(place.c_str(), W_OK | X_OK) != 0)
    return unwritable(path, "the directory '" + printable(place.string()) + "': " + systemError());
  return {};
}

bool isSameFile(const std::string &a, const std::string &b) {
  std::error_code error; // by device and inode
  return std::filesystem::equivalent(a, b, error) && !error;
}

bool isStandardOutput(const std::string &path) {
  Result<Destination> to = resolve(path);
  return to && to->stream == STDOUT_FILENO;
}

bool isStream(const std::string &path) {
  Result<Destination> to = resolve(path);
  return to && (to->stream >= 0 || to->special);
}

} // namespace ptx
