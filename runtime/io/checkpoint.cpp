#include "runtime/io/checkpoint.h"

#include "runtime/io/file_kind.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

namespace ptx {

namespace {
constexpr const char *singleName = "model.safetensors", *indexName = "model.safetensors.index.json";
constexpr uint64_t jsonCap = 64u << 20;

bool present(const std::filesystem::path &path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

Result<JsonValue> readObject(const std::string &directory, const std::string &name, bool followLinks,
                             const std::function<Result<JsonValue>(const File &file)> &parse) {
  Result<File> file = openInside(directory, name, followLinks);
  if (!file)
    return file.error();
  if (file->size() > jsonCap)
    return Error{"'" + printable(file->path()) + "': has " + std::to_string(file->size()) + " bytes, at most " +
                 std::to_string(jsonCap) + " are read"};
  Result<JsonValue> value = parse(*file);
  if (!value)
    return Error{value.error().message + looksUnlikeJson(*file)};
  if (!value->asObject())
    return Error{"'" + printable(file->path()) + "': is " + std::string(value->kind()) + ", expected an object"};
  return value;
}

} // namespace

Result<JsonValue> readJsonObject(const std::string &directory, const std::string &name, bool followLinks) {
  return readObject(directory, name, followLinks,
                    [](const File &file) { return parseJson(TextSource(file), file.path(), JsonDialect::Python); });
}

Result<Checkpoint> Checkpoint::open(const std::string &directory, bool followLinks) {
  Checkpoint checkpoint;
  std::error_code error;
  checkpoint.folder = std::filesystem::absolute(directory, error).lexically_normal().string();
  std::filesystem::path base(checkpoint.folder);
  auto refuse = [&](const std::string &why) { return Error{"'" + printable(directory) + "': " + why}; };
  if (!std::filesystem::is_directory(base, error))
    return refuse("is not a directory");
  bool single = present(base / singleName), sharded = present(base / indexName);
  if (single && sharded)
    return refuse(std::string("has both ") + singleName + " and " + indexName + ": remove the one that is not meant");
  if (!single && !sharded) {
    for (const auto &file : std::filesystem::directory_iterator(base, error))
      if (std::string extension = file.path().extension();
          extension == ".bin" || extension == ".pt" || extension == ".pth")
        return refuse("has '" + printable(file.path().filename().string()) + "' but no " + singleName +
                      ": ptx reads no pickles; convert it with safetensors.torch.save_file");
    return refuse(std::string("has neither ") + singleName + " nor " + indexName);
  }
  if (sharded) {
    if (Status status = checkpoint.readIndex(indexName, followLinks); !status)
      return status.error();
  } else {
    if (Status status = checkpoint.add(singleName, followLinks); !status)
      return status.error();
    if (Status status = checkpoint.sortByName(); !status)
      return status.error();
  }
  return checkpoint;
}

Status Checkpoint::readIndex(const std::string &name, bool followLinks) {
  auto refuse = [&](const std::string &why) { return Error{"'" + printable(folder) + "/" + name + "': " + why}; };
  auto readMap = [&](const std::function<Status(const std::string &tensor, const std::string &shard)> &each) {
    return readObject(folder, name, followLinks, [&](const File &file) {
      auto member = [&](const std::string &tensor, const JsonValue &shard) -> Status {
        return shard.asString()
                   ? each(tensor, *shard.asString())
                   : refuse("'" + printable(tensor) + "' names " + std::string(shard.kind()) + " as its shard");
      };
      return streamJson(TextSource(file), file.path(), JsonDialect::Python, "weight_map", member);
    });
  };
  std::set<std::string> shards;
  Result<JsonValue> index = readMap([&](const std::string &, const std::string &shard) {
    shards.insert(shard);
    return Status();
  });
  if (!index)
    return index.error();
  if (const JsonValue *map = index->find("weight_map"); !map || !map->asObject())
    return refuse("has no object 'weight_map'");
  std::string missing;
  for (const std::string &shard : shards)
    if (shard.find('/') == std::string::npos && !present(std::filesystem::path(folder) / shard))
      missing += (missing.empty() ? "'" : ", '") + printable(shard) + "'";
  if (!missing.empty())
    return refuse("names shards that are not there: " + missing);

  std::vector<std::string> shardNames(shards.begin(), shards.end());
  for (const std::string &shard : shardNames)
    if (Status status = add(shard, followLinks); !status)
      return status;
  if (Status status = sortByName(); !status)
    return status;
  // The index is read again rather than kept beside the tables.
  std::vector<bool> named(size());
  index = readMap([&](const std::string &tensor, const std::string &shard) -> Status {
    size_t at = lowerBound(tensor);
    bool held = at < size() && (*this)[at].name == tensor;
    if (!held || shardNames[places[at].file] != shard)
      return refuse(
          "puts tensor '" + printable(tensor) + "' into '" + printable(shard) + "', which " +
          (held ? "does not hold it ('" + printable(shardNames[places[at].file]) + "' does)" : "does not hold it"));
    if (named[at])
      return refuse("the key '" + printable(tensor) + "' stands twice");
    named[at] = true;
    return {};
  });
  if (!index)
    return index.error();
  if (auto left = std::find(named.begin(), named.end(), false); left != named.end()) {
    Entry entry = (*this)[static_cast<size_t>(left - named.begin())];
    return refuse("does not name tensor '" + printable(entry.name) + "' of '" + printable(shardNames[entry.file]) +
                  "'");
  }
  return {};
}

Status Checkpoint::add(const std::string &name, bool followLinks) {
  Result<File> file = openInside(folder, name, followLinks);
  if (!file)
    return file.error();
  Result<TensorTable> tensors = TensorTable::read(*file);
  if (!tensors)
    return tensors.error();
  for (uint32_t i = 0; i < tensors->entries().size(); ++i)
    places.push_back({static_cast<uint32_t>(files.size()), i});
  files.push_back({file->path(), std::move(*tensors)});
  return {};
}

/// Names of one file differ; equal neighbours are of two shards.
Status Checkpoint::sortByName() {
  std::sort(places.begin(), places.end(),
            [&](Place a, Place b) { return std::tie(stored(a).name, a.file) < std::tie(stored(b).name, b.file); });
  auto twice = std::adjacent_find(places.begin(), places.end(),
                                  [&](Place a, Place b) { return stored(a).name == stored(b).name; });
  if (twice == places.end())
    return {};
  return Error{"tensor '" + printable(stored(*twice).name) + "' stands in two shards: '" +
               printable(files[twice->file].path) + "' and '" + printable(files[std::next(twice)->file].path) + "'"};
}

std::string_view wrapperOf(std::string_view name) {
  for (std::string_view wrapper : {"module.", "_orig_mod.", "model."})
    if (name.starts_with(wrapper))
      return wrapper;
  return {};
}

std::string Checkpoint::stripWrappers() {
  while (!places.empty()) {
    std::string_view first = (*this)[0].name, wrapper = wrapperOf(first);
    // They are sorted: where the first and the last begin with it, all do.
    if (wrapper.empty() || !(*this)[size() - 1].name.starts_with(wrapper) || first.size() == wrapper.size())
      break;
    stripped += wrapper;
  }
  return stripped;
}

Checkpoint::Entry Checkpoint::operator[](size_t index) const {
  const TensorEntry &entry = stored(places[index]);
  return {entry.name.substr(stripped.size()), entry.shape, entry.dtype,  places[index].file,
          static_cast<uint32_t>(index),       entry.begin, entry.bytes()};
}

size_t Checkpoint::lowerBound(std::string_view name) const {
  auto found = std::lower_bound(places.begin(), places.end(), name, [&](Place place, std::string_view key) {
    return stored(place).name.substr(stripped.size()) < key;
  });
  return static_cast<size_t>(found - places.begin());
}

std::optional<Checkpoint::Entry> Checkpoint::find(std::string_view name) const {
  size_t at = lowerBound(name);
  return at < size() && (*this)[at].name == name ? std::optional((*this)[at]) : std::nullopt;
}

} // namespace ptx
