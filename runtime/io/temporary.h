// Names of files under construction, so that a signal leaves none behind.
#ifndef PTX_RUNTIME_IO_TEMPORARY_H
#define PTX_RUNTIME_IO_TEMPORARY_H

#include <string>

namespace ptx {

/// A file or directory that goes when its owner does, and on a signal where the
/// program asked for that.
class TemporaryName {
public:
  explicit TemporaryName(const std::string &path);
  TemporaryName(const TemporaryName &) = delete;
  TemporaryName &operator=(const TemporaryName &) = delete;
  ~TemporaryName();

  const std::string &path() const { return name; }
  /// It has another name now, or belongs to nobody: it stays.
  void keep();

private:
  std::string name;
  int slot;
};

/// Removes every temporary, for a process that ends at once. Safe in a signal handler.
void removeTemporaries();

/// For a tool's main: SIGINT, SIGTERM and SIGHUP remove every temporary and then
/// end the process as they would have; a closed pipe and a file that grew too
/// large become errors of the write. The library itself installs nothing.
void cleanUpOnSignals();

} // namespace ptx

#endif // PTX_RUNTIME_IO_TEMPORARY_H
