#include "runtime/core/deploy.h"
#include "runtime/io/convert.h"
#include "runtime/io/hash.h"

#include <filesystem>

namespace ptx {

namespace fs = std::filesystem;

/// Where a file of the program may lie under `directory`: at its path, else at
/// each shorter end of it, "adapters/a/x", "a/x", "x".
static std::vector<std::string> placesUnder(const std::string &directory, const fs::path &path) {
  std::vector<std::string> places = {(fs::path(directory) / path).string()};
  std::vector<fs::path> parts(path.begin(), path.end());
  for (size_t first = 0; first < parts.size(); ++first) {
    fs::path place = directory;
    for (size_t i = first; i < parts.size(); ++i)
      place /= parts[i].relative_path();
    if (parts[first] != ".." && parts[first] != "." && place.string() != places.front())
      places.push_back(place.string());
  }
  return places;
}

/// Files of one name, as two adapters have them, are told apart by the
/// directory above; flat under --params=DIR they cannot be.
std::string TensorReader::namesakeOf(size_t index) const {
  fs::path path = manifest.files[index].path;
  auto shortly = [](const fs::path &of) { return printable((of.parent_path().filename() / of.filename()).string()); };
  for (size_t other = 0; other < manifest.files.size() && !parameterDirectory.empty(); ++other) {
    fs::path same = manifest.files[other].path;
    if (other != index && same.filename() == path.filename())
      return "; the program reads two files of this name, '" + printable(path.string()) + "' and '" +
             printable(same.string()) + "': lay them into '" + printable(parameterDirectory) + "' as '" +
             shortly(path) + "' and '" + shortly(same) + "'";
  }
  return "";
}

/// Whether the file holds every tensor as it was compiled with.
bool TensorReader::holdsTensorsOf(size_t index, const File &file) const {
  std::vector<char> piece(1u << 20);
  for (const TensorRecord &tensor : manifest.tensors) {
    if (tensor.file != index)
      continue;
    Hasher hasher;
    for (uint64_t done = 0; done < tensor.bytes;) {
      uint64_t size = std::min<uint64_t>(piece.size(), tensor.bytes - done);
      if (!file.readAt(tensor.offset + done, piece.data(), size))
        return false;
      hasher.update(piece.data(), size);
      done += size;
    }
    if (hasher.hex() != tensor.hash)
      return false;
  }
  return true;
}

/// The place to open: the first that fits, else the first that is there, which
/// is then refused for what it is.
std::string TensorReader::findUnderParameters(size_t index) const {
  std::error_code error;
  std::vector<std::string> there;
  for (const std::string &place : placesUnder(parameterDirectory, manifest.files[index].path))
    if (fs::exists(place, error))
      there.push_back(place);
  if (there.size() < 2)
    return there.empty() ? "" : there.front();
  for (const std::string &place : there)
    if (Result<File> file = File::open(place);
        file && file->size() == manifest.files[index].size && holdsTensorsOf(index, *file))
      return place;
  return there.front();
}

Result<std::string> TensorReader::locate(size_t index) const {
  const ParameterFile &record = manifest.files[index];
  if (parameterDirectory.empty())
    return (fs::path(artifactDirectory) / record.path).string();
  std::error_code error;
  if (!fs::is_directory(parameterDirectory, error))
    return Error{"--params='" + printable(parameterDirectory) + "' is " +
                 (fs::exists(parameterDirectory, error) ? "a file, expected a directory" : "not there")};
  std::string path = findUnderParameters(index);
  if (!path.empty())
    return path;
  std::string tried;
  for (const std::string &place : placesUnder(parameterDirectory, record.path))
    tried += (tried.empty() ? "'" : ", '") + printable(place) + "'";
  return Error{"--params='" + printable(parameterDirectory) + "' has no '" + printable(record.path) +
               "', which the program reads its parameters from: looked for " + tried};
}

Result<File *> TensorReader::open(size_t index) {
  files.resize(manifest.files.size());
  if (files[index])
    return files[index].get();
  const ParameterFile &record = manifest.files[index];
  Result<std::string> located = locate(index);
  if (!located)
    return located.error();
  const std::string &path = *located;
  Result<File> file = File::open(path);
  if (!file)
    return Error{file.error().message +
                 "; the program reads its parameters from there, --params=DIR names another place" +
                 (manifest.bundle && manifest.bundle->file != index
                      ? "; its bundle serves device '" + printable(manifest.bundle->target) + "' alone"
                      : "")};
  if (file->size() != record.size)
    return Error{"'" + printable(path) + "': has " + std::to_string(file->size()) +
                 " bytes, the program was compiled with " + std::to_string(record.size) + namesakeOf(index)};
  files[index] = std::make_unique<File>(std::move(*file));
  return files[index].get();
}

/// In pieces: the peak is what is made of the tensor and one piece of its file.
Status TensorReader::copy(size_t index, const Append &append) {
  const TensorRecord &record = manifest.tensors[index];
  Result<File *> file = open(record.file);
  if (!file)
    return file.error();
  uint64_t pieceBytes = 1u << 20;
  std::vector<char> piece(std::min(record.bytes, pieceBytes));
  bool known = (*verified)[index] == (*file)->stamp();
  Hasher hasher;
  for (uint64_t done = 0; done < record.bytes; done += piece.size()) {
    uint64_t size = std::min<uint64_t>(piece.size(), record.bytes - done);
    if (Status status = (*file)->readAt(record.offset + done, piece.data(), size); !status)
      return status;
    if (!known)
      hasher.update(piece.data(), size);
    if (Status status = append(piece.data(), size); !status)
      return status;
  }
  // Read from the state that was verified, and from no other.
  if (Status status = known ? (*file)->unchanged() : Status(); !status)
    return status;
  if (!known && hasher.hex() != record.hash)
    return Error{"'" + printable((*file)->path()) + "': tensor '" + printable(record.name) +
                 "' differs from the one the program was compiled with" + namesakeOf(record.file)};
  if (!known && (*file)->unchanged())
    (*verified)[index] = (*file)->stamp();
  return {};
}

Result<Matrix> TensorReader::read(size_t index) {
  const TensorRecord &record = manifest.tensors[index];
  Matrix matrix;
  matrix.rows = record.shape.empty() ? 1 : record.shape[0];
  matrix.columns = 1;
  for (size_t i = 1; i < record.shape.size(); ++i)
    matrix.columns *= record.shape[i];
  uint64_t width = dtypeBits(record.dtype) / 8;
  auto widened = [&, done = uint64_t(0)](const void *piece, size_t size) mutable -> Status {
    // Once the file has proved to be there.
    matrix.values.resize(matrix.rows * matrix.columns);
    widen(record.dtype, static_cast<const char *>(piece), matrix.values.data() + done, size / width);
    done += size / width;
    return {};
  };
  Status status = copy(index, widened);
  return status ? Result<Matrix>(std::move(matrix)) : status.error();
}

} // namespace ptx
