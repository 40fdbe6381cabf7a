#include "runtime/io/output.h"

#include "runtime/io/file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ptx {

namespace {

Error failure(const std::string &path, const char *what) {
  return Error{"'" + printable(path) + "': " + what + ": " + std::strerror(errno)};
}

//===- Temporaries that a signal removes ---------------------------------------//

// A handler may only read: names stand in fixed places.
constexpr size_t mostTemporaries = 16;
struct Place {
  std::atomic<bool> taken{false}, named{false};
  char path[PATH_MAX];
};
std::array<Place, mostTemporaries> places;

/// Keeps a temporary's name where a handler finds it. A name that finds no
/// place is written all the same.
class Registered {
public:
  explicit Registered(const std::string &path) {
    for (Place &candidate : places)
      if (path.size() < sizeof candidate.path && !candidate.taken.exchange(true)) {
        std::memcpy(candidate.path, path.c_str(), path.size() + 1);
        candidate.named.store(true);
        place = &candidate;
        return;
      }
  }
  ~Registered() {
    if (!place)
      return;
    place->named.store(false);
    place->taken.store(false);
  }
  Registered(const Registered &) = delete;
  Registered &operator=(const Registered &) = delete;

private:
  Place *place = nullptr;
};

extern "C" void removeTemporaries(int signal) {
  for (Place &place : places)
    if (place.named.load())
      ::unlink(place.path);
  // The action is the default again: the process ends as if there were no handler.
  ::raise(signal);
}

//===- Writing -----------------------------------------------------------------//

class Descriptor {
public:
  explicit Descriptor(int fd) : fd(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  explicit operator bool() const { return fd >= 0; }
  operator int() const { return fd; }
  bool close() {
    int closing = fd;
    fd = -1;
    return closing < 0 || ::close(closing) == 0;
  }

private:
  int fd;
};

Status writeTo(int fd, const std::string &path, const std::function<Status(const Append &)> &write) {
  return write([&](const void *data, size_t size) -> Status {
    const char *bytes = static_cast<const char *>(data);
    while (size > 0) {
      ssize_t done = ::write(fd, bytes, size);
      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        return failure(path, "cannot be written");
      bytes += done;
      size -= static_cast<size_t>(done);
    }
    return {};
  });
}

bool same(const struct stat &a, const struct stat &b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

/// The open descriptor that a path names: "-", /dev/stdout, /dev/fd/N.
std::optional<int> descriptorNamed(const std::string &path, const struct stat &status, bool exists) {
  if (path == "-")
    return STDOUT_FILENO;
  std::error_code error;
  std::filesystem::path given = path;
  std::string folder = std::filesystem::weakly_canonical(given.parent_path(), error).string();
  bool inTable = folder == "/proc/" + std::to_string(::getpid()) + "/fd" || folder == "/dev/fd";
  std::string number = given.filename().string();
  if (inTable && !number.empty() && number.find_first_not_of("0123456789") == number.npos && number.size() < 8)
    return std::atoi(number.c_str());
  // /dev/stdout and the like: a link to such a name.
  for (int standard : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat open;
    if (exists && folder == "/dev" && ::fstat(standard, &open) == 0 && same(open, status) &&
        number == (standard == STDOUT_FILENO ? "stdout" : "stderr"))
      return standard;
  }
  return std::nullopt;
}

/// Where a path leads, though the last link may lead to nothing yet.
Result<std::string> followed(const std::string &path) {
  constexpr int mostLinks = 40; // as the kernel
  std::filesystem::path current = path;
  for (int i = 0; i < mostLinks; ++i) {
    std::error_code error;
    if (!std::filesystem::is_symlink(current, error))
      return current.string();
    std::filesystem::path target = std::filesystem::read_symlink(current, error);
    if (error)
      return Error{"'" + printable(path) + "': its link cannot be read: " + error.message()};
    current = target.is_absolute() ? target : current.parent_path() / target;
  }
  return Error{"'" + printable(path) + "': more than " + std::to_string(mostLinks) + " links lead on"};
}

/// A name beside the target that nobody can have foreseen.
Result<std::string> temporaryBeside(const std::string &target) {
  unsigned char random[8];
  if (::getrandom(random, sizeof random, 0) != sizeof random)
    return failure(target, "no random bytes for a temporary's name");
  std::string name = target + ".";
  for (unsigned char byte : random)
    for (unsigned digit : {byte >> 4, byte & 15})
      name += "0123456789abcdef"[digit];
  return name;
}

Status replace(const std::string &path, const struct stat *old, const std::function<Status(const Append &)> &write) {
  Result<std::string> target = followed(path);
  if (!target)
    return target.error();
  Result<std::string> temporary = temporaryBeside(*target);
  if (!temporary)
    return temporary.error();
  Registered registered(*temporary);
  Descriptor fd(::open(temporary->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd)
    return failure(path, "cannot be written");
  if (old)
    (void)!::fchmod(fd, old->st_mode & 0777); // the permissions of what it replaces, as far as we may
  Status status = writeTo(fd, path, write);
  if (status && ::fsync(fd) != 0)
    status = failure(path, "cannot be written");
  if (!fd.close() && status)
    status = failure(path, "cannot be written");
  if (status && ::rename(temporary->c_str(), target->c_str()) != 0)
    status = failure(path, "cannot be replaced");
  if (!status)
    ::unlink(temporary->c_str());
  return status;
}

} // namespace

Status writeOutput(const std::string &path, const std::function<Status(const Append &)> &write) {
  struct stat status = {};
  bool exists = ::stat(path.c_str(), &status) == 0;
  if (std::optional<int> open = descriptorNamed(path, status, exists))
    return writeTo(*open, path, write);
  if (exists && S_ISDIR(status.st_mode))
    return Error{"'" + printable(path) + "': is a directory, expected a file to write"};
  if (!exists || S_ISREG(status.st_mode))
    return replace(path, exists ? &status : nullptr, write);
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd)
    return failure(path, "cannot be written");
  return writeTo(fd, path, write);
}

void removeTemporariesOnSignals() {
  struct sigaction action = {};
  action.sa_handler = removeTemporaries;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    // nohup's wish is kept.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
      ::sigaction(signal, &action, nullptr);
  }
}

} // namespace ptx
