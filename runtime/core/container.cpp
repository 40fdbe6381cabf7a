#include "runtime/core/container.h"

#include "runtime/io/checked.h"
#include "runtime/io/file.h"
#include "runtime/io/file_kind.h"
#include "runtime/io/hash.h"
#include "runtime/io/json.h"

#include <nlohmann/json.hpp>

#include <cstring>
#include <filesystem>

namespace ptx {

namespace {

constexpr char magic[8] = {'P', 'T', 'X', 'M', '\r', '\n', '\x1a', '\n'};
constexpr uint32_t formatMajor = 1, formatMinor = 0;
constexpr uint64_t chunkBytes = 1u << 20, sizeCap = 4ull << 30;

/// The first 80 bytes of the file, little-endian.
struct Header {
  char magic[8];
  uint32_t major, minor;
  uint64_t fileSize, indexOffset, indexSize, reserved;
  char indexHash[32];
};
static_assert(sizeof(Header) == 80);

std::vector<std::string> chunkHashes(std::string_view bytes) {
  std::vector<std::string> hashes;
  for (uint64_t at = 0; at < bytes.size(); at += chunkBytes) {
    std::string_view chunk = bytes.substr(at, chunkBytes);
    hashes.push_back(hashHex(chunk.data(), chunk.size()));
  }
  return hashes;
}

} // namespace

Status writeContainer(const std::string &path, std::span<const Payload> payloads, const std::function<Status()> &last) {
  nlohmann::ordered_json index = nlohmann::ordered_json::array();
  uint64_t offset = sizeof(Header);
  for (const Payload &payload : payloads) {
    index.push_back({{"name", payload.name},
                     {"offset", offset},
                     {"size", payload.bytes.size()},
                     {"hash", hashHex(payload.bytes.data(), payload.bytes.size())},
                     {"chunks", chunkHashes(payload.bytes)}});
    offset += payload.bytes.size();
  }
  std::string text = index.dump();
  Header header = {};
  std::memcpy(header.magic, magic, sizeof magic);
  header.major = formatMajor;
  header.minor = formatMinor;
  header.indexOffset = offset;
  header.indexSize = text.size();
  header.fileSize = offset + text.size();
  std::memcpy(header.indexHash, hashHex(text.data(), text.size()).data(), sizeof header.indexHash);
  return writeAtomically(path, [&](const Append &append) -> Status {
    if (Status status = append(&header, sizeof header); !status)
      return status;
    for (const Payload &payload : payloads)
      if (Status status = append(payload.bytes.data(), payload.bytes.size()); !status)
        return status;
    Status status = append(text.data(), text.size());
    return status ? last() : status;
  });
}

namespace {

/// Verifies one file from its first byte to its last.
class Verifier {
public:
  explicit Verifier(const File &file) : file(file) {}

  Result<std::map<std::string, std::string>> run() {
    Header header;
    if (Status status = readHeader(header); !status)
      return status.error();
    Result<JsonValue> index = readIndex(header);
    if (!index)
      return index.error();
    std::map<std::string, std::string> payloads;
    uint64_t expected = sizeof(Header);
    for (const JsonValue &entry : *index->asArray()) {
      Result<Payload> payload = readPayload(entry, expected, header.indexOffset);
      if (!payload)
        return payload.error();
      expected += payload->bytes.size();
      if (!payloads.emplace(payload->name, std::move(payload->bytes)).second)
        return refuse("two payloads are named '" + printable(payload->name) + "'");
    }
    if (expected != header.indexOffset)
      return refuse("the payloads end at byte " + std::to_string(expected) + ", the index begins at " +
                    std::to_string(header.indexOffset));
    return payloads;
  }

private:
  Error refuse(const std::string &why) const { return Error{"'" + printable(file.path()) + "': " + why}; }

  Status readHeader(Header &header) const {
    if (file.size() < sizeof(Header))
      return refuse("has " + std::to_string(file.size()) + " bytes, an artifact has at least " +
                    std::to_string(sizeof(Header)) + looksLike(file));
    if (Status status = file.readAt(0, &header, sizeof header); !status)
      return status;
    if (std::memcmp(header.magic, magic, sizeof magic) != 0)
      return refuse("is no ptx artifact: its first bytes are not PTXM" + looksLike(file));
    if (header.major != formatMajor)
      return refuse("has format version " + std::to_string(header.major) + "." + std::to_string(header.minor) +
                    ", this runtime reads " + std::to_string(formatMajor) + ".x: compile the model again");
    if (header.fileSize != file.size())
      return refuse("has " + std::to_string(file.size()) + " bytes, its header says " +
                    std::to_string(header.fileSize) + ": it was cut or changed");
    std::optional<uint64_t> end = checkedAdd(header.indexOffset, header.indexSize);
    if (!end || *end != file.size() || header.indexOffset < sizeof(Header) || header.reserved != 0 ||
        header.minor > formatMinor || file.size() > sizeCap)
      return refuse("its header is damaged");
    return {};
  }

  Result<JsonValue> readIndex(const Header &header) const {
    std::string text(header.indexSize, '\0');
    if (Status status = file.readAt(header.indexOffset, text.data(), text.size()); !status)
      return status.error();
    if (std::memcmp(hashHex(text.data(), text.size()).data(), header.indexHash, sizeof header.indexHash) != 0)
      return refuse("its index is damaged: the hash differs");
    Result<JsonValue> index = parseJson(text, file.path());
    if (index && !index->asArray())
      return refuse("its index is no list");
    return index;
  }

  Result<Payload> readPayload(const JsonValue &entry, uint64_t expected, uint64_t limit) const {
    const JsonValue *name = entry.find("name"), *offset = entry.find("offset"), *size = entry.find("size"),
                    *hash = entry.find("hash");
    if (!name || !name->asString() || !offset || !offset->asUint() || !size || !size->asUint() || !hash ||
        !hash->asString())
      return refuse("an index entry is not {name, offset, size, hash}");
    std::optional<uint64_t> end = checkedAdd(*offset->asUint(), *size->asUint());
    if (*offset->asUint() != expected || !end || *end > limit)
      return refuse("payload '" + printable(*name->asString()) + "' lies outside its place");
    Payload payload{*name->asString(), std::string(*size->asUint(), '\0')};
    if (Status status = file.readAt(expected, payload.bytes.data(), payload.bytes.size()); !status)
      return status.error();
    if (hashHex(payload.bytes.data(), payload.bytes.size()) != *hash->asString())
      return refuse("payload '" + printable(payload.name) + "' is damaged" + damagedChunk(entry, payload));
    return payload;
  }

  /// Names the first chunk that differs.
  static std::string damagedChunk(const JsonValue &entry, const Payload &payload) {
    const JsonValue *chunks = entry.find("chunks");
    std::vector<std::string> found = chunkHashes(payload.bytes);
    for (size_t i = 0; chunks && chunks->asArray() && i < chunks->asArray()->size() && i < found.size(); ++i)
      if (const std::string *expected = (*chunks->asArray())[i].asString(); expected && *expected != found[i])
        return " in its bytes " + std::to_string(i * chunkBytes) + " to " +
               std::to_string(std::min<uint64_t>((i + 1) * chunkBytes, payload.bytes.size()));
    return "";
  }

  const File &file;
};

} // namespace

Result<Container> Container::open(const std::string &path) {
  Result<File> file = File::open(path);
  if (!file)
    return file.error();
  Result<std::map<std::string, std::string>> payloads = Verifier(*file).run();
  if (!payloads)
    return payloads.error();
  Container container;
  container.file = path;
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error)
    return Error{"'" + printable(path) + "': its place cannot be told: " + error.message()};
  container.folder = real.parent_path().string();
  container.byName = std::move(*payloads);
  return container;
}

Container Container::of(const std::string &path, const std::string &directory, std::span<const Payload> payloads) {
  Container container;
  container.file = path;
  container.folder = directory;
  for (const Payload &payload : payloads)
    container.byName[payload.name] = payload.bytes;
  return container;
}

const std::string *Container::find(const std::string &name) const {
  auto found = byName.find(name);
  return found == byName.end() ? nullptr : &found->second;
}

} // namespace ptx
