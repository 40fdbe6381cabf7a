// The one opener for every file ptx reads, and the one way it writes files.
#ifndef PTX_RUNTIME_IO_FILE_H
#define PTX_RUNTIME_IO_FILE_H

#include "runtime/io/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ptx {

/// Which state of which file: another where the file was changed.
struct FileStamp {
  uint64_t device = 0, inode = 0, bytes = 0;
  int64_t seconds = 0, nanoseconds = 0; // of the last change
  bool operator==(const FileStamp &) const = default;
};

/// A regular file, read with pread: a file that shrinks is an error, never a
/// signal, and a FIFO or device is refused without blocking.
class File {
public:
  static Result<File> open(const std::string &path);
  File(File &&other) noexcept;
  File &operator=(File &&other) noexcept;
  ~File();

  const std::string &path() const { return name; }
  uint64_t size() const { return state.bytes; }
  /// As it was when it was opened.
  const FileStamp &stamp() const { return state; }
  Status readAt(uint64_t offset, void *out, size_t size) const;
  /// For Mapping; stays this object's own.
  int descriptor() const { return fd; }
  /// Whether it is still the file that was opened.
  Status unchanged() const;

private:
  File() = default;
  int fd = -1;
  std::string name;
  FileStamp state;
};

/// The whole file as text; files over `cap` bytes are refused.
Result<std::string> readWhole(const std::string &path, uint64_t cap);

/// Opens `name`, which comes from inside a file, relative to `directory`. Only
/// plain names; a link may lead into the directory or into the download
/// cache's sibling `../../blobs` unless `followLinks` allows every place.
Result<File> openInside(const std::string &directory, const std::string &name, bool followLinks);

/// Appends to a file under construction.
using Append = std::function<Status(const void *data, size_t size)>;

/// Writes a file that replaces `path` by rename when it is whole; nothing is
/// left behind when `write` fails. A link is followed and stays. A device, a
/// FIFO or a stream ("-", /dev/stdout, /dev/fd/3) is written to instead.
Status writeAtomically(const std::string &path, const std::function<Status(const Append &)> &write);

/// A name for messages: control characters escaped, long names cut.
std::string printable(std::string_view name);

} // namespace ptx

#endif // PTX_RUNTIME_IO_FILE_H
