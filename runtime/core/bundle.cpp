#include "runtime/core/bundle.h"

#include "runtime/io/file_kind.h"
#include "runtime/io/hash.h"

#include <cstring>

namespace ptx {

namespace {

constexpr char magic[8] = {'P', 'T', 'X', 'W', '\r', '\n', '\x1a', '\n'};
constexpr uint32_t formatMajor = 1, formatMinor = 0;

/// What is wrong with the file, its parameters aside; empty where nothing is. The most telling comes first: a foreign
/// file has another size, too.
std::string flawOf(const File &file, const BundleRecord &record, uint64_t expectedSize, const BundleHeader &header) {
  auto quoted = [](const char *text) { return "'" + printable(std::string_view(text, bundleIdSize)) + "'"; };
  if (std::memcmp(header.magic, magic, sizeof magic) != 0)
    return "is no ptx bundle: its first bytes are not PTXW" + looksLike(file);
  if (header.major != formatMajor || header.minor > formatMinor)
    return "has format version " + std::to_string(header.major) + "." + std::to_string(header.minor) +
           ", this runtime reads " + std::to_string(formatMajor) + "." + std::to_string(formatMinor) +
           ": compile the model again";
  if (header.fileSize != file.size())
    return "has " + std::to_string(file.size()) + " bytes, its header says " + std::to_string(header.fileSize) +
           ": it was cut or changed";
  if (std::memcmp(header.id, record.id.data(), bundleIdSize) != 0)
    return "belongs to another program: it is bundle " + quoted(header.id) + ", expected '" + printable(record.id) +
           "'; the two files move together";
  BundleHeader whole = BundleHeader::of(record.id, expectedSize);
  return std::memcmp(&header, &whole, sizeof whole) == 0 ? "" : "its header is damaged";
}

} // namespace

BundleHeader BundleHeader::of(const std::string &id, uint64_t fileSize) {
  BundleHeader header = {};
  std::memcpy(header.magic, ::ptx::magic, sizeof header.magic);
  header.major = formatMajor;
  header.minor = formatMinor;
  header.fileSize = fileSize;
  std::memcpy(header.id, id.data(), bundleIdSize);
  return header;
}

namespace {

/// The file, opened and told from others.
Result<File> openBundle(const Manifest &manifest, const TensorReader &places) {
  const BundleRecord &record = *manifest.bundle;
  Result<std::string> place = places.locate(record.file);
  if (!place)
    return place.error();
  Result<File> file = File::open(*place);
  if (!file)
    return Error{file.error().message + "; the two files move together, --params=DIR names another place for it"};
  BundleHeader header;
  std::string flaw;
  if (file->size() < sizeof header)
    flaw = "has " + std::to_string(file->size()) + " bytes, expected " +
           std::to_string(manifest.files[record.file].size) + looksLike(*file);
  else if (Status status = file->readAt(0, &header, sizeof header); !status)
    return status.error();
  else
    flaw = flawOf(*file, record, manifest.files[record.file].size, header);
  if (!flaw.empty())
    return Error{"'" + printable(file->path()) + "': " + flaw};
  return file;
}

Result<std::vector<std::shared_ptr<const PackedParameter>>> mapParameters(const Manifest &manifest,
                                                                          const TensorReader &places) {
  Result<File> file = openBundle(manifest, places);
  if (!file)
    return file.error();
  Result<Mapping> made = Mapping::of(*file);
  if (!made)
    return made.error();
  auto mapping = std::make_shared<const Mapping>(std::move(*made));
  std::vector<std::shared_ptr<const PackedParameter>> parameters;
  for (const BundledParameter &record : manifest.bundle->parameters) {
    if (record.same) {
      parameters.push_back(parameters[*record.same]);
      continue;
    }
    auto packed = std::make_shared<PackedParameter>();
    packed->bytes = record.bytes;
    packed->largest = record.largest;
    packed->notFinite = record.notFinite;
    if (record.bytes) {
      packed->mapping = mapping;
      packed->mapped = mapping->data() + record.offset;
      if (std::string hash = hashHex(packed->mapped, bundledExtent(record.bytes)); hash != record.hash)
        return Error{"'" + printable(file->path()) + "': parameter '" +
                     printable(manifest.parameters[parameters.size()].label) + "' was changed: its hash is " + hash +
                     ", expected " + printable(record.hash)};
    }
    parameters.push_back(std::move(packed));
  }
  // What was verified is what stays mapped.
  if (Status status = file->unchanged(); !status)
    return status.error();
  return parameters;
}

} // namespace

Result<std::vector<std::shared_ptr<const PackedParameter>>> mapBundle(const Manifest &manifest, const std::string &path,
                                                                      const TensorReader &places) {
  auto mapped = mapParameters(manifest, places);
  if (!mapped)
    return Error{"'" + printable(path) + "': its weights: " + mapped.error().message};
  return mapped;
}

} // namespace ptx
