#include "runtime/core/deploy.h"
#include "runtime/io/convert.h"
#include "runtime/io/hash.h"

#include <filesystem>

namespace ptx {

namespace fs = std::filesystem;

/// The file of a path that was relative to the artifact in another directory:
/// by as many of its last parts as lead to a file, so that the files of two
/// adapters, which have one name, are told apart by their directories.
static fs::path findBelow(const fs::path &directory, const fs::path &relative) {
  std::error_code error;
  if (fs::exists(directory / relative, error))
    return directory / relative;
  for (auto from = relative.begin(); from != relative.end(); ++from) {
    fs::path tail;
    for (auto part = from; part != relative.end(); ++part)
      tail /= *part;
    if (*from != ".." && fs::exists(directory / tail, error))
      return directory / tail;
  }
  return directory / relative.filename();
}

Result<File *> TensorReader::open(size_t index) {
  files.resize(manifest.files.size());
  if (files[index])
    return files[index].get();
  const ParameterFile &record = manifest.files[index];
  fs::path path = fs::path(artifactDirectory) / record.path;
  if (!parameterDirectory.empty())
    path = findBelow(parameterDirectory, record.path);
  Result<File> file = File::open(path.string());
  if (!file)
    return Error{file.error().message +
                 "; the program reads its parameters from there, --params=DIR names another place"};
  if (file->size() != record.size)
    return Error{"'" + printable(path.string()) + "': has " + std::to_string(file->size()) +
                 " bytes, the program was compiled with " + std::to_string(record.size)};
  files[index] = std::make_unique<File>(std::move(*file));
  return files[index].get();
}

Result<Matrix> TensorReader::read(size_t index) {
  const TensorRecord &record = manifest.tensors[index];
  Result<File *> file = open(record.file);
  if (!file)
    return file.error();
  Matrix matrix;
  matrix.rows = record.shape.empty() ? 1 : record.shape[0];
  matrix.columns = 1;
  for (size_t i = 1; i < record.shape.size(); ++i)
    matrix.columns *= record.shape[i];
  matrix.values.resize(matrix.rows * matrix.columns);

  // In pieces: the peak is the widened tensor and one piece of its file.
  uint64_t width = dtypeBits(record.dtype) / 8, pieceBytes = 1u << 20;
  std::vector<char> piece(std::min(record.bytes, pieceBytes));
  Hasher hasher;
  for (uint64_t done = 0; done < record.bytes; done += piece.size()) {
    uint64_t size = std::min<uint64_t>(piece.size(), record.bytes - done);
    if (Status status = (*file)->readAt(record.offset + done, piece.data(), size); !status)
      return status.error();
    hasher.update(piece.data(), size);
    widen(record.dtype, piece.data(), matrix.values.data() + done / width, size / width);
  }
  if (hasher.hex() != record.hash)
    return Error{"'" + printable((*file)->path()) + "': tensor '" + printable(record.name) +
                 "' differs from the one the program was compiled with"};
  return matrix;
}

} // namespace ptx
