#include "passes/Target/Artifact/ParameterTable.h"

#include "runtime/io/file.h"
#include "runtime/io/json.h"

#include <nlohmann/json.hpp>

using Json = nlohmann::ordered_json;

namespace ptx {

static Json toJson(const StoredTensor &tensor) {
  return {{"file", tensor.file},   {"name", tensor.name},     {"dtype", dtypeName(tensor.dtype)},
          {"shape", tensor.shape}, {"offset", tensor.offset}, {"bytes", tensor.bytes}};
}

std::string writeParameterTable(const ParameterTable &table) {
  Json weights = Json::object(), adapters = Json::object();
  for (const auto &[name, tensor] : table.weights)
    weights[name] = toJson(tensor);
  for (const auto &[adapter, sites] : table.adapters)
    for (const auto &[site, delta] : sites) {
      Json &entry = adapters[adapter][site];
      for (auto [key, tensor] : StoredDelta::tensors(delta))
        if (!tensor->file.empty())
          entry[key] = toJson(*tensor);
    }
  return Json({{"weights", weights}, {"adapters", adapters}}).dump(1);
}

namespace {

/// Reads the entries of one table; errors name the path inside it.
class TableReader {
public:
  explicit TableReader(std::string path) : path(std::move(path)) {}

  Result<ParameterTable> read(const JsonValue &root) {
    ParameterTable table;
    const JsonValue *weights = root.find("weights"), *adapters = root.find("adapters");
    if (!weights || !weights->asObject() || !adapters || !adapters->asObject())
      return refuse("", "expected the objects 'weights' and 'adapters'");
    for (const auto &[name, value] : *weights->asObject())
      if (Status status = read(name, value, table.weights[name]); !status)
        return status.error();
    for (const auto &[adapter, sites] : *adapters->asObject()) {
      if (!sites.asObject())
        return refuse(adapter, "expected an object");
      for (const auto &[site, delta] : *sites.asObject())
        if (Status status = read(adapter + "/" + site, delta, table.adapters[adapter][site]); !status)
          return status.error();
    }
    return table;
  }

private:
  Error refuse(const std::string &where, const std::string &why) {
    return Error{"'" + printable(path) + "': '" + printable(where) + "': " + why};
  }

  Status read(const std::string &where, const JsonValue &value, StoredDelta &delta) {
    bool isScale = value.find("output_scale") || value.find("input_scale");
    if (!value.find("replacement") && (value.find("a") ? !value.find("b") : value.find("b") || !isScale))
      return refuse(where, "expected factors 'a' and 'b', an 'output_scale' or 'input_scale', or a 'replacement'");
    for (auto [key, tensor] : StoredDelta::tensors(delta))
      if (const JsonValue *entry = value.find(key))
        if (Status status = read(where + "/" + key, *entry, *tensor); !status)
          return status;
    return {};
  }

  Status read(const std::string &where, const JsonValue &value, StoredTensor &tensor) {
    const JsonValue *file = value.find("file"), *name = value.find("name"), *dtype = value.find("dtype"),
                    *shape = value.find("shape"), *offset = value.find("offset"), *bytes = value.find("bytes");
    if (!file || !file->asString() || !name || !name->asString() || !dtype || !dtype->asString() || !shape ||
        !shape->asArray() || !offset || !offset->asUint() || !bytes || !bytes->asUint())
      return refuse(where, "expected file, name, dtype, shape, offset and bytes");
    std::optional<DType> type = dtypeFromName(*dtype->asString());
    if (!type || !isWeightType(*type))
      return refuse(where, "dtype '" + printable(*dtype->asString()) + "', expected F32, F16 or BF16");
    tensor = {*file->asString(), *name->asString(), *type, {}, *offset->asUint(), *bytes->asUint()};
    for (const JsonValue &dim : *shape->asArray()) {
      if (!dim.asUint())
        return refuse(where, "a dimension is " + std::string(dim.kind()));
      tensor.shape.push_back(*dim.asUint());
    }
    return {};
  }

  std::string path;
};

} // namespace

Result<ParameterTable> readParameterTable(const std::string &path) {
  Result<std::string> text = readWhole(path, 64u << 20);
  if (!text)
    return text.error();
  size_t memory = jsonMemoryOf(text->size());
  Result<JsonValue> root = parseJson(*text, path, JsonDialect::Strict, memory);
  if (!root)
    return root.error();
  return TableReader(path).read(*root);
}

} // namespace ptx
