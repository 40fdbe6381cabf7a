#include "runtime/io/safetensors.h"

#include "runtime/io/checked.h"
#include "runtime/io/file_kind.h"
#include "runtime/io/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace ptx {

namespace {

constexpr uint64_t headerCap = 100'000'000, nameCap = 4096, countCap = 1'000'000;
constexpr size_t rankCap = 8;

/// Reads one file's header; every message begins with its name.
class HeaderReader {
public:
  explicit HeaderReader(const File &file) : file(file) {}

  Result<std::vector<TensorEntry>> read() {
    Result<std::string> text = readText();
    if (!text)
      return text.error();
    std::vector<TensorEntry> tensors;
    Result<JsonValue> header =
        streamJson(std::move(*text), file.path(), JsonDialect::Strict, std::nullopt,
                   [&](const std::string &name, const JsonValue &value) { return readMember(name, value, tensors); });
    if (!header)
      return header.error();
    if (Status status = checkNames(tensors); !status)
      return status.error();
    if (Status status = checkTiling(tensors); !status)
      return status.error();
    return tensors;
  }

private:
  Error refuse(const std::string &why) const { return Error{"'" + printable(file.path()) + "': " + why}; }
  Error refuse(const std::string &name, const std::string &why) const {
    return refuse("tensor '" + printable(name) + "': " + why);
  }

  Result<std::string> readText() {
    if (file.size() < 8)
      return refuse("truncated header: " + std::to_string(file.size()) + " bytes, at least 8 expected" +
                    looksLike(file));
    unsigned char prefix[8];
    if (Status status = file.readAt(0, prefix, sizeof prefix); !status)
      return status.error();
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
      length = length << 8 | prefix[i];
    if (length > file.size() - 8)
      return refuse("the header claims " + std::to_string(length) + " bytes, the file has " +
                    std::to_string(file.size()) + looksLike(file));
    if (length > headerCap)
      return refuse("the header has " + std::to_string(length) + " bytes, at most " + std::to_string(headerCap) +
                    " are read");
    std::string text(length, '\0');
    if (Status status = file.readAt(8, text.data(), length); !status)
      return status.error();
    if (text.empty() || text[0] != '{')
      return refuse("the header at byte 8 does not begin with '{'" + looksLike(file));
    dataBegin = 8 + length;
    return text;
  }

  Status readMember(const std::string &name, const JsonValue &value, std::vector<TensorEntry> &tensors) const {
    if (name == "__metadata__")
      return checkMetadata(value);
    if (tensors.size() == countCap)
      return refuse("names more than " + std::to_string(countCap) + " tensors");
    Result<TensorEntry> entry = readEntry(name, value);
    if (!entry)
      return entry.error();
    tensors.push_back(std::move(*entry));
    return {};
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

  Result<TensorEntry> readEntry(const std::string &name, const JsonValue &value) const {
    if (name.size() > nameCap)
      return refuse(name, "its name is longer than " + std::to_string(nameCap) + " bytes");
    const auto *object = value.asObject();
    if (!object)
      return refuse(name, "is " + std::string(value.kind()) + ", expected an object");
    for (const auto &[key, member] : *object)
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        return refuse(name, "unknown member '" + printable(key) + "'");
    TensorEntry entry;
    entry.name = name;
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

  Status readShape(const JsonValue &value, TensorEntry &entry) const {
    const JsonValue *member = value.find("shape");
    const auto *dims = member ? member->asArray() : nullptr;
    if (!dims)
      return refuse(entry.name, "shape must be a list");
    if (dims->size() > rankCap)
      return refuse(entry.name, "has rank " + std::to_string(dims->size()) + ", at most " + std::to_string(rankCap));
    for (const JsonValue &dim : *dims) {
      std::optional<uint64_t> size = dim.asUint();
      if (!size)
        return refuse(entry.name, "a dimension is " + std::string(dim.kind()) + " or negative");
      entry.shape.push_back(*size);
    }
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

  Status checkNames(std::vector<TensorEntry> &tensors) const {
    std::sort(tensors.begin(), tensors.end(),
              [](const TensorEntry &a, const TensorEntry &b) { return a.name < b.name; });
    auto twice = std::adjacent_find(tensors.begin(), tensors.end(),
                                    [](const TensorEntry &a, const TensorEntry &b) { return a.name == b.name; });
    return twice == tensors.end() ? Status() : refuse("the key '" + printable(twice->name) + "' stands twice");
  }

  /// The tensors tile the data without hole, overlap or rest.
  Status checkTiling(std::vector<TensorEntry> &tensors) const {
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

  const File &file;
  uint64_t dataBegin = 0;
};

} // namespace

Result<Safetensors> Safetensors::open(File file) {
  Safetensors opened(std::move(file));
  Result<std::vector<TensorEntry>> tensors = HeaderReader(opened.source).read();
  if (!tensors)
    return tensors.error();
  opened.tensors = std::move(*tensors);
  opened.byName.resize(opened.tensors.size());
  std::iota(opened.byName.begin(), opened.byName.end(), 0u);
  std::sort(opened.byName.begin(), opened.byName.end(),
            [&](uint32_t a, uint32_t b) { return opened.tensors[a].name < opened.tensors[b].name; });
  return opened;
}

const TensorEntry *Safetensors::find(std::string_view name) const {
  auto found = std::lower_bound(byName.begin(), byName.end(), name,
                                [&](uint32_t index, std::string_view key) { return tensors[index].name < key; });
  return found == byName.end() || tensors[*found].name != name ? nullptr : &tensors[*found];
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
