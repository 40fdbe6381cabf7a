// The tensors of a model directory: one file, or shards with their index.
#ifndef PTX_RUNTIME_IO_CHECKPOINT_H
#define PTX_RUNTIME_IO_CHECKPOINT_H

#include "runtime/io/json.h"
#include "runtime/io/safetensors.h"

namespace ptx {

class Checkpoint {
public:
  struct Entry {
    std::string name; // without what wrappers put in front
    DType dtype;
    std::vector<uint64_t> shape;
    size_t file; // index of the file that holds it
    uint64_t offset, bytes;
  };

  static Result<Checkpoint> open(const std::string &directory, bool followLinks);

  const std::string &directory() const { return folder; }
  const std::vector<Entry> &entries() const { return tensors; } // by name
  const Entry *find(const std::string &name) const;
  /// Takes off what compilers, data-parallel wrappers and dumps put in front of
  /// every name ("module.", "_orig_mod.", "model."), also several of them;
  /// returns what was taken off.
  std::string stripWrappers();
  /// The absolute path of the file that holds the tensor.
  std::string pathOf(const Entry &entry) const { return files[entry.file]; }
  /// The tensor's name in that file.
  std::string storedName(const Entry &entry) const { return stripped + entry.name; }

private:
  Status readIndex(const std::string &text, bool followLinks);
  void add(Safetensors file);
  Status sortByName();

  std::string folder;
  std::vector<std::string> files; // paths
  std::string stripped;           // from every name
  std::vector<Entry> tensors;
};

/// The wrapper's prefix that a name begins with, or nothing.
std::string_view wrapperOf(std::string_view name);

/// A JSON object of the directory, of at most 64 MiB.
Result<JsonValue> readJsonObject(const std::string &directory, const std::string &name, bool followLinks);

} // namespace ptx

#endif // PTX_RUNTIME_IO_CHECKPOINT_H
