#include "runtime/io/safetensors.h"

#include "runtime/io/checked.h"
#include "runtime/io/file_kind.h"
#include "runtime/io/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace ptx {

namespace {
constexpr uint64_t headerCap = 100'000'000, nameCap = 4096;
constexpr size_t rankCap = 8;
} // namespace

/// Reads one file's header; every message begins with its name.
class HeaderReader {
public:
  explicit HeaderReader(const File &file) : file(file) {}

  Result<TensorTable> read() {
    Result<TextSource> text = findText();
    if (!text)
      return text.error();
    headerBytes = text->size();
    table.texts = std::make_unique<std::pmr::monotonic_buffer_resource>();
    Result<JsonValue> header =
        streamJson(*text, file.path(), JsonDialect::Strict, std::nullopt,
                   [&](const std::string &name, const JsonValue &value) { return readMember(name, value); });
    if (!header)
      return header.error();
    sortByName();
    if (Status status = checkNames(); !status)
      return status.error();
    if (Status status = checkTiling(); !status)
      return status.error();
    sortByName();
    return std::move(table);
  }

private:
  Error refuse(const std::string &why) const { return Error{"'" + printable(file.path()) + "': " + why}; }
  Error refuse(std::string_view name, const std::string &why) const {
    return refuse("tensor '" + printable(name) + "': " + why);
  }

  Result<TextSource> findText() {
    if (file.size() < 8)
      return refuse("truncated header: " + std::to_string(file.size()) + " bytes, at least 8 expected" +
                    looksLike(file));
    unsigned char start[9] = {};
    if (Status status = file.readAt(0, start, std::min<uint64_t>(file.size(), sizeof start)); !status)
      return status.error();
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
      length = length << 8 | start[i];
    if (length > file.size() - 8)
      return refuse("the header claims " + std::to_string(length) + " bytes, the file has " +
                    std::to_string(file.size()) + looksLike(file));
    if (length > headerCap)
      return refuse("the header has " + std::to_string(length) + " bytes, at most " + std::to_string(headerCap) +
                    " are read");
    if (length == 0 || start[8] != '{')
      return refuse("the header at byte 8 does not begin with '{'" + looksLike(file));
    dataBegin = 8 + length;
    return TextSource(file, 8, length);
  }

  Status readMember(const std::string &name, const JsonValue &value) {
    if (name == "__metadata__")
      return checkMetadata(value);
    Result<TensorEntry> entry = readEntry(name, value);
    if (!entry)
      return entry.error();
    held += sizeof *entry + entry->name.size() + entry->shape.size_bytes();
    if (held > headerBytes + jsonMemory / 2)
      return refuse("its first " + std::to_string(table.tensors.size()) +
                    " tensors take more memory than a header of " + std::to_string(headerBytes) + " bytes may");
    table.tensors.push_back(*entry);
    return {};
  }

  /// A copy that lives as long as the table.
  template <typename T> std::span<const T> keep(std::span<const T> values) {
    auto *kept = static_cast<T *>(table.texts->allocate(values.size_bytes(), alignof(T)));
    std::copy(values.begin(), values.end(), kept);
    return {kept, values.size()};
  }

  Status checkMetadata(const JsonValue &value) const {
    const auto *object = value.asObject();
    if (!object)
      return refuse("__metadata__ is " + std::string(value.kind()) + ", expected an object of strings");
    for (const auto &[key, text] : *object)
      if (!text.asString())
        return refuse("__metadata__ '" + printable(key) + "' is " + std::string(text.kind()) + ", expected a string");
    return {};
  }

  Result<TensorEntry> readEntry(const std::string &name, const JsonValue &value) {
    if (name.size() > nameCap)
      return refuse(name, "its name is longer than " + std::to_string(nameCap) + " bytes");
    const auto *object = value.asObject();
    if (!object)
      return refuse(name, "is " + std::string(value.kind()) + ", expected an object");
    for (const auto &[key, member] : *object)
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        return refuse(name, "unknown member '" + printable(key) + "'");
    TensorEntry entry;
    std::span<const char> letters = keep(std::span(name));
    entry.name = std::string_view(letters.data(), letters.size());
    if (Status status = readType(value, entry); !status)
      return status.error();
    if (Status status = readShape(value, entry); !status)
      return status.error();
    if (Status status = readOffsets(value, entry); !status)
      return status.error();
    return entry;
  }

  Status readType(const JsonValue &value, TensorEntry &entry) const {
    const JsonValue *member = value.find("dtype");
    const std::string *text = member ? member->asString() : nullptr;
    if (!text)
      return refuse(entry.name, "dtype must be a string");
    std::optional<DType> dtype = dtypeFromName(*text);
    if (!dtype)
      return refuse(entry.name, "unknown dtype '" + printable(*text) +
                                    "', known are BOOL, U8 to I64, F16, BF16, F32, "
                                    "F64 and the F8, F6 and F4 kinds");
    entry.dtype = *dtype;
    return {};
  }

  Status readShape(const JsonValue &value, TensorEntry &entry) {
    const JsonValue *member = value.find("shape");
    const auto *dims = member ? member->asArray() : nullptr;
    if (!dims)
      return refuse(entry.name, "shape must be a list");
    if (dims->size() > rankCap)
      return refuse(entry.name, "has rank " + std::to_string(dims->size()) + ", at most " + std::to_string(rankCap));
    std::array<uint64_t, rankCap> shape{};
    for (size_t i = 0; i < dims->size(); ++i) {
      std::optional<uint64_t> size = (*dims)[i].asUint();
      if (!size)
        return refuse(entry.name, "a dimension is " + std::string((*dims)[i].kind()) + " or negative");
      shape[i] = *size;
    }
    entry.shape = keep(std::span<const uint64_t>(shape.data(), dims->size()));
    return {};
  }

  Status readOffsets(const JsonValue &value, TensorEntry &entry) const {
    const JsonValue *member = value.find("data_offsets");
    const auto *offsets = member ? member->asArray() : nullptr;
    if (!offsets || offsets->size() != 2)
      return refuse(entry.name, "data_offsets must be a list of two integers");
    std::optional<uint64_t> begin = (*offsets)[0].asUint(), end = (*offsets)[1].asUint();
    if (!begin || !end)
      return refuse(entry.name, "data_offsets must be two integers of at least 0");
    if (*begin > *end)
      return refuse(entry.name,
                    "data_offsets [" + std::to_string(*begin) + "," + std::to_string(*end) + ") are reversed");
    std::optional<uint64_t> absolute = checkedAdd(dataBegin, *end);
    if (!absolute || *absolute > file.size())
      return refuse(entry.name, "ends at data byte " + std::to_string(*end) + ", the file has " +
                                    std::to_string(file.size() - dataBegin));
    std::optional<uint64_t> bits = dtypeBits(entry.dtype);
    for (uint64_t dim : entry.shape)
      bits = bits ? checkedMul(*bits, dim) : bits;
    if (!bits || *bits % 8 != 0 || *bits / 8 != *end - *begin)
      return refuse(entry.name, "its shape and type need " + (bits ? std::to_string(*bits / 8) : "too many") +
                                    " bytes, data_offsets give " + std::to_string(*end - *begin));
    entry.begin = dataBegin + *begin;
    entry.end = *absolute;
    return {};
  }

  /// The tensors tile the data without hole, overlap or rest.
  Status checkTiling() {
    std::deque<TensorEntry> &tensors = table.tensors;
    std::sort(tensors.begin(), tensors.end(), [](const TensorEntry &a, const TensorEntry &b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    uint64_t expected = dataBegin;
    std::string before = "the header";
    for (const TensorEntry &entry : tensors) {
      if (entry.begin != expected)
        return refuse(entry.name, std::string(entry.begin < expected ? "overlaps" : "leaves a hole after") + " " +
                                      before + ": begins at byte " + std::to_string(entry.begin) + ", expected " +
                                      std::to_string(expected));
      expected = entry.end;
      before = "'" + printable(entry.name) + "'";
    }
    if (expected != file.size())
      return refuse(std::to_string(file.size() - expected) + " trailing bytes after " + before);
    return {};
  }

  void sortByName() {
    std::sort(table.tensors.begin(), table.tensors.end(),
              [](const TensorEntry &a, const TensorEntry &b) { return a.name < b.name; });
  }

  Status checkNames() const {
    const std::deque<TensorEntry> &tensors = table.tensors;
    auto twice = std::adjacent_find(tensors.begin(), tensors.end(),
                                    [](const TensorEntry &a, const TensorEntry &b) { return a.name == b.name; });
    return twice == tensors.end() ? Status() : refuse("the key '" + printable(twice->name) + "' stands twice");
  }

  const File &file;
  uint64_t dataBegin = 0, headerBytes = 0, held = 0;
  TensorTable table;
};

Result<TensorTable> TensorTable::read(const File &file) { return HeaderReader(file).read(); }

const TensorEntry *TensorTable::find(std::string_view name) const {
  auto found = std::lower_bound(tensors.begin(), tensors.end(), name,
                                [](const TensorEntry &entry, std::string_view key) { return entry.name < key; });
  return found == tensors.end() || found->name != name ? nullptr : &*found;
}

Result<Safetensors> Safetensors::open(File file) {
  Result<TensorTable> tensors = TensorTable::read(file);
  if (!tensors)
    return tensors.error();
  return Safetensors(std::move(file), std::move(*tensors));
}

Status Safetensors::read(const TensorEntry &entry, void *out) const {
  return source.readAt(entry.begin, out, entry.bytes());
}

Status writeSafetensors(const std::string &path, std::span<const TensorToWrite> tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::vector<uint64_t> sizes;
  uint64_t offset = 0;
  for (const TensorToWrite &tensor : tensors) {
    uint64_t bits = dtypeBits(tensor.dtype);
    for (uint64_t dim : tensor.shape)
      bits *= dim;
    sizes.push_back(bits / 8);
    header[tensor.name] = {
        {"dtype", dtypeName(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + sizes.back()}}};
    offset += sizes.back();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return writeAtomically(path, [&](const Append &append) -> Status {
    uint64_t length = text.size();
    if (Status status = append(&length, sizeof length); !status)
      return status;
    if (Status status = append(text.data(), text.size()); !status)
      return status;
    for (size_t i = 0; i < tensors.size(); ++i)
      if (Status status = append(tensors[i].data, sizes[i]); !status)
        return status;
    return {};
  });
}

} // namespace ptx
