// The tensors of a model directory: one file, or shards with their index.
#ifndef PTX_RUNTIME_IO_CHECKPOINT_H
#define PTX_RUNTIME_IO_CHECKPOINT_H

#include "runtime/io/json.h"
#include "runtime/io/safetensors.h"

#include <optional>
#include <ranges>

namespace ptx {

class Checkpoint {
public:
  /// Its name and shape lie in the checkpoint.
  struct Entry {
    std::string_view name; // without what wrappers put in front
    std::span<const uint64_t> shape;
    DType dtype;
    uint32_t file, index; // of the file that holds it; in the order of names
    uint64_t offset, bytes;
  };

  static Result<Checkpoint> open(const std::string &directory, bool followLinks);

  const std::string &directory() const { return folder; }
  size_t size() const { return places.size(); }
  Entry operator[](size_t index) const;
  /// By name.
  auto entries() const {
    return std::views::iota(size_t(0), size()) | std::views::transform([this](size_t index) { return (*this)[index]; });
  }
  std::optional<Entry> find(std::string_view name) const;
  /// Takes off what compilers, data-parallel wrappers and dumps put in front of
  /// every name ("module.", "_orig_mod.", "model."), also several of them;
  /// returns what was taken off.
  std::string stripWrappers();
  /// The absolute path of the file that holds the tensor.
  const std::string &pathOf(const Entry &entry) const { return files[entry.file].path; }
  /// The tensor's name in that file.
  std::string storedName(const Entry &entry) const { return stripped + std::string(entry.name); }

private:
  struct Part {
    std::string path;
    TensorTable tensors;
  };
  struct Place {
    uint32_t file, index;
  };

  Status readIndex(const std::string &name, bool followLinks);
  Status add(const std::string &name, bool followLinks);
  Status sortByName();
  size_t lowerBound(std::string_view name) const;
  const TensorEntry &stored(Place place) const { return files[place.file].tensors.entries()[place.index]; }

  std::string folder;
  std::vector<Part> files;
  std::string stripped; // from every name
  std::vector<Place> places;
};

/// The wrapper's prefix that a name begins with, or nothing.
std::string_view wrapperOf(std::string_view name);

/// A JSON object of the directory, of at most 64 MiB.
Result<JsonValue> readJsonObject(const std::string &directory, const std::string &name, bool followLinks);

} // namespace ptx

#endif // PTX_RUNTIME_IO_CHECKPOINT_H
