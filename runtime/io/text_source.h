// Where a text that is read once, from its beginning to its end, lies.
#ifndef PTX_RUNTIME_IO_TEXT_SOURCE_H
#define PTX_RUNTIME_IO_TEXT_SOURCE_H

#include "runtime/io/file.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ptx {

/// A text in memory, or a part of a file that is never in memory as a whole.
class TextSource {
public:
  TextSource(std::string_view text) : memory(text), bytes(text.size()) {}
  TextSource(const std::string &text) : TextSource(std::string_view(text)) {}
  TextSource(const char *text) : TextSource(std::string_view(text)) {}
  explicit TextSource(const File &file) : TextSource(file, 0, file.size()) {}
  TextSource(const File &file, uint64_t begin, uint64_t size) : file(&file), begin(begin), bytes(size) {}

  uint64_t size() const { return bytes; }
  /// The text from `offset` on: all of it, or as much of a file as `buffer` takes. Empty at the end.
  Result<std::string_view> part(uint64_t offset, std::string &buffer) const;

private:
  std::string_view memory;
  const File *file = nullptr;
  uint64_t begin = 0, bytes;
};

} // namespace ptx

#endif // PTX_RUNTIME_IO_TEXT_SOURCE_H
