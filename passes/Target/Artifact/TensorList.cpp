#include "passes/Target/Artifact/TensorList.h"

#include "runtime/io/hash.h"

#include <filesystem>

namespace ptx {

/// Hashes in pieces: memory stays bounded whatever the tensor's size.
static Result<std::string> hashTensor(const File &file, const StoredTensor &tensor) {
  std::vector<char> piece(std::min<uint64_t>(tensor.bytes, 4u << 20));
  Hasher hasher;
  for (uint64_t done = 0; done < tensor.bytes; done += piece.size()) {
    uint64_t size = std::min<uint64_t>(piece.size(), tensor.bytes - done);
    if (Status status = file.readAt(tensor.offset + done, piece.data(), size); !status)
      return status.error();
    hasher.update(piece.data(), size);
  }
  return hasher.hex();
}

Result<int64_t> TensorList::addFile(const std::string &path) {
  if (auto known = fileNumbers.find(path); known != fileNumbers.end())
    return known->second;
  Result<File> file = File::open(path);
  if (!file)
    return file.error();
  std::string relative = std::filesystem::path(path).lexically_relative(directory).generic_string();
  fileList.push_back({{"path", relative.empty() ? path : relative}, {"size", file->size()}});
  opened.push_back(std::move(*file));
  return fileNumbers[path] = static_cast<int64_t>(opened.size() - 1);
}

Result<int64_t> TensorList::add(const std::string &name, const StoredTensor &tensor) {
  Result<int64_t> file = addFile(tensor.file);
  if (!file)
    return file.error();
  if (auto known = tensorNumbers.find(name); known != tensorNumbers.end())
    return known->second;
  Result<std::string> hash = hashTensor(opened[static_cast<size_t>(*file)], tensor);
  if (!hash)
    return hash.error();
  tensorList.push_back({{"name", name},
                        {"file", *file},
                        {"dtype", dtypeName(tensor.dtype)},
                        {"shape", tensor.shape},
                        {"offset", tensor.offset},
                        {"bytes", tensor.bytes},
                        {"hash", *hash}});
  return tensorNumbers[name] = static_cast<int64_t>(tensorList.size() - 1);
}

} // namespace ptx
