#include "runtime/io/temporary.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ptx {

namespace {

// A table of fixed size: a handler can neither allocate nor lock. A name that
// finds no place is still removed by its owner.
enum State : int { Free, Taken, Ready };
struct Slot {
  std::atomic<int> state;
  char path[PATH_MAX];
};
Slot slots[64];

int enter(const std::string &path) {
  if (path.size() >= PATH_MAX)
    return -1;
  for (int i = 0; i < 64; ++i) {
    int expected = Free;
    if (!slots[i].state.compare_exchange_strong(expected, Taken))
      continue;
    std::memcpy(slots[i].path, path.c_str(), path.size() + 1);
    slots[i].state.store(Ready);
    return i;
  }
  return -1;
}

void leave(int slot) {
  int expected = Ready; // else a handler has it, and the process is ending
  if (slot >= 0)
    slots[slot].state.compare_exchange_strong(expected, Free);
}

/// Removes what `name` is in `directory`. Only functions that are safe in a
/// signal handler; opendir is not.
void removeTree(int directory, const char *name, int depth) {
  if (::unlinkat(directory, name, 0) == 0 || (errno != EISDIR && errno != EPERM) || depth == 0)
    return;
  int fd = ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return;
  alignas(8) char entries[2048];
  // Again while a worker still adds files.
  for (int attempt = 0; attempt < 8 && ::unlinkat(directory, name, AT_REMOVEDIR) != 0 && errno != ENOENT; ++attempt) {
    ::lseek(fd, 0, SEEK_SET);
    long size;
    while ((size = ::syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
      for (long at = 0; at < size;) {
        uint16_t length; // of struct linux_dirent64: inode, offset, length, type, name
        std::memcpy(&length, entries + at + 16, sizeof length);
        const char *entry = entries + at + 19;
        if (std::strcmp(entry, ".") != 0 && std::strcmp(entry, "..") != 0)
          removeTree(fd, entry, depth - 1);
        at += length;
      }
  }
  ::close(fd);
}

void onSignal(int signal) {
  removeTemporaries();
  ::raise(signal); // the default action, as SA_RESETHAND left it, when this returns
}

} // namespace

void removeTemporaries() {
  for (Slot &slot : slots) {
    int expected = Ready;
    if (slot.state.compare_exchange_strong(expected, Taken))
      removeTree(AT_FDCWD, slot.path, /*depth=*/3);
  }
}

TemporaryName::TemporaryName(const std::string &path) : name(path), slot(enter(path)) {}

void TemporaryName::keep() {
  leave(slot);
  slot = -1;
  name.clear();
}

TemporaryName::~TemporaryName() {
  if (!name.empty())
    removeTree(AT_FDCWD, name.c_str(), /*depth=*/3);
  leave(slot);
}

void cleanUpOnSignals() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old, ours = {};
    ours.sa_handler = onSignal;
    ours.sa_flags = static_cast<int>(SA_RESETHAND);
    // What the parent ignores stays ignored: nohup.
    if (::sigaction(signal, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
      ::sigaction(signal, &ours, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

} // namespace ptx
