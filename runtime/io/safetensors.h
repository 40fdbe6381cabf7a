// The safetensors format (github.com/huggingface/safetensors, README).
#ifndef PTX_RUNTIME_IO_SAFETENSORS_H
#define PTX_RUNTIME_IO_SAFETENSORS_H

#include "runtime/io/dtype.h"
#include "runtime/io/file.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ptx {

struct TensorEntry {
  std::string name;
  DType dtype = DType::F32;
  std::vector<uint64_t> shape;
  uint64_t begin = 0, end = 0; // absolute byte offsets in the file
  uint64_t bytes() const { return end - begin; }
};

/// A file whose header has been read and checked; values are read on demand.
class Safetensors {
public:
  static Result<Safetensors> open(File file);

  const File &file() const { return source; }
  const std::vector<TensorEntry> &entries() const { return tensors; } // by offset
  std::vector<TensorEntry> takeEntries() && { return std::move(tensors); }
  const TensorEntry *find(std::string_view name) const;
  /// Reads a tensor's bytes; `out` holds entry.bytes().
  Status read(const TensorEntry &entry, void *out) const;

private:
  explicit Safetensors(File file) : source(std::move(file)) {}
  File source;
  std::vector<TensorEntry> tensors;
  std::vector<uint32_t> byName; // indices
};

struct TensorToWrite {
  std::string name;
  DType dtype = DType::F32;
  std::vector<uint64_t> shape;
  const void *data = nullptr;
};

/// Writes a file in the order given; it replaces `path` when it is whole.
Status writeSafetensors(const std::string &path, std::span<const TensorToWrite> tensors);

} // namespace ptx

#endif // PTX_RUNTIME_IO_SAFETENSORS_H
