#include "runtime/io/text_source.h"

#include <algorithm>

namespace ptx {

Result<std::string_view> TextSource::part(uint64_t offset, std::string &buffer) const {
  constexpr uint64_t partBytes = 64u << 10;
  if (!file)
    return memory.substr(offset);
  buffer.resize(std::min(partBytes, bytes - offset));
  if (Status status = file->readAt(begin + offset, buffer.data(), buffer.size()); !status)
    return status.error();
  return std::string_view(buffer);
}

} // namespace ptx
