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
                             const std::function<Result<JsonValue>(std::string text, const std::string &path)> &parse) {
  Result<File> file = openInside(directory, name, followLinks);
  if (!file)
    return file.error();
  if (file->size() > jsonCap)
    return Error{"'" + printable(file->path()) + "': has " + std::to_string(file->size()) + " bytes, at most " +
                 std::to_string(jsonCap) + " are read"};
  std::string text(file->size(), '\0');
  if (Status status = file->readAt(0, text.data(), text.size()); !status)
    return status.error();
  std::string kind = looksUnlikeJson(text);
  Result<JsonValue> value = parse(std::move(text), file->path());
  if (!value)
    return Error{value.error().message + kind};
  if (!value->asObject())
    return Error{"'" + printable(file->path()) + "': is " + std::string(value->kind()) + ", expected an object"};
  return value;
}

} // namespace

Result<JsonValue> readJsonObject(const std::string &directory, const std::string &name, bool followLinks) {
  return readObject(directory, name, followLinks, [](std::string text, const std::string &path) {
    return parseJson(std::move(text), path, JsonDialect::Python);
  });
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
    Result<File> file = openInside(checkpoint.folder, singleName, followLinks);
    if (!file)
      return file.error();
    Result<Safetensors> opened = Safetensors::open(std::move(*file));
    if (!opened)
      return opened.error();
    checkpoint.add(std::move(*opened));
    if (Status status = checkpoint.sortByName(); !status)
      return status.error();
  }
  return checkpoint;
}

Status Checkpoint::readIndex(const std::string &name, bool followLinks) {
  auto refuse = [&](const std::string &why) { return Error{"'" + printable(folder) + "/" + name + "': " + why}; };
  std::set<std::string> shards;
  std::vector<std::pair<std::string, const std::string *>> places; // of tensors, as the index says
  auto place = [&](const std::string &tensor, const JsonValue &shard) -> Status {
    if (!shard.asString())
      return refuse("'" + printable(tensor) + "' names " + std::string(shard.kind()) + " as its shard");
    places.emplace_back(tensor, &*shards.insert(*shard.asString()).first);
    return {};
  };
  Result<JsonValue> index = readObject(folder, name, followLinks, [&](std::string text, const std::string &path) {
    return streamJson(std::move(text), path, JsonDialect::Python, "weight_map", place);
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
  for (const std::string &shard : shardNames) {
    Result<File> file = openInside(folder, shard, followLinks);
    if (!file)
      return file.error();
    Result<Safetensors> opened = Safetensors::open(std::move(*file));
    if (!opened)
      return opened.error();
    add(std::move(*opened));
  }
  if (Status status = sortByName(); !status)
    return status;
  std::sort(places.begin(), places.end());
  for (size_t i = 0; i < places.size(); ++i) {
    const auto &[tensor, shard] = places[i];
    if (i != 0 && places[i - 1].first == tensor)
      return refuse("the key '" + printable(tensor) + "' stands twice");
    const Entry *entry = find(tensor);
    if (!entry || shardNames[entry->file] != *shard)
      return refuse(
          "puts tensor '" + printable(tensor) + "' into '" + printable(*shard) + "', which " +
          (entry ? "does not hold it ('" + printable(shardNames[entry->file]) + "' does)" : "does not hold it"));
  }
  // Every tensor of the index is there, and none twice: as many are all.
  for (size_t i = 0; places.size() != tensors.size() && i < tensors.size(); ++i)
    if (i == places.size() || places[i].first != tensors[i].name)
      return refuse("does not name tensor '" + printable(tensors[i].name) + "' of '" +
                    printable(shardNames[tensors[i].file]) + "'");
  return {};
}

void Checkpoint::add(Safetensors file) {
  size_t index = files.size();
  files.push_back(file.file().path());
  for (TensorEntry &entry : std::move(file).takeEntries())
    tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape), index, entry.begin, entry.bytes()});
}

/// Names of one file differ; equal neighbours are of two shards.
Status Checkpoint::sortByName() {
  std::sort(tensors.begin(), tensors.end(),
            [](const Entry &a, const Entry &b) { return std::tie(a.name, a.file) < std::tie(b.name, b.file); });
  auto twice = std::adjacent_find(tensors.begin(), tensors.end(),
                                  [](const Entry &a, const Entry &b) { return a.name == b.name; });
  if (twice == tensors.end())
    return {};
  return Error{"tensor '" + printable(twice->name) + "' stands in two shards: '" + printable(pathOf(*twice)) +
               "' and '" + printable(pathOf(*std::next(twice))) + "'"};
}

std::string_view wrapperOf(std::string_view name) {
  for (std::string_view wrapper : {"module.", "_orig_mod.", "model."})
    if (name.starts_with(wrapper))
      return wrapper;
  return {};
}

std::string Checkpoint::stripWrappers() {
  while (!tensors.empty()) {
    std::string_view wrapper = wrapperOf(tensors.front().name);
    // They are sorted: where the first and the last begin with it, all do.
    if (wrapper.empty() || !tensors.back().name.starts_with(wrapper) || tensors.front().name.size() == wrapper.size())
      break;
    stripped += wrapper;
    for (Entry &entry : tensors)
      entry.name.erase(0, wrapper.size());
  }
  return stripped;
}

const Checkpoint::Entry *Checkpoint::find(const std::string &name) const {
  auto found = std::lower_bound(tensors.begin(), tensors.end(), name,
                                [](const Entry &entry, const std::string &key) { return entry.name < key; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

} // namespace ptx
