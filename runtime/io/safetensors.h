// The safetensors format (github.com/huggingface/safetensors, README).
#ifndef PTX_RUNTIME_IO_SAFETENSORS_H
#define PTX_RUNTIME_IO_SAFETENSORS_H

#include "runtime/io/dtype.h"
#include "runtime/io/file.h"

#include <deque>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ptx {

/// Its name and shape lie in the table that it is of.
struct TensorEntry {
  std::string_view name;
  std::span<const uint64_t> shape;
  DType dtype = DType::F32;
  uint64_t begin = 0, end = 0; // absolute byte offsets in the file
  uint64_t bytes() const { return end - begin; }
};

/// What a header says. It takes about as much memory as the header's text.
class TensorTable {
public:
  static Result<TensorTable> read(const File &file);

  const std::deque<TensorEntry> &entries() const { return tensors; } // by name
  const TensorEntry *find(std::string_view name) const;

private:
  friend class HeaderReader;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts; // names and shapes
  std::deque<TensorEntry> tensors;
};

/// A file whose header has been read and checked; values are read on demand.
class Safetensors {
public:
  static Result<Safetensors> open(File file);

  const File &file() const { return source; }
  const std::deque<TensorEntry> &entries() const { return tensors.entries(); }
  const TensorEntry *find(std::string_view name) const { return tensors.find(name); }
  /// Reads a tensor's bytes; `out` holds entry.bytes().
  Status read(const TensorEntry &entry, void *out) const;

private:
  Safetensors(File file, TensorTable tensors) : source(std::move(file)), tensors(std::move(tensors)) {}
  File source;
  TensorTable tensors;
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
