// Members of a JSON object, each read once and checked; what nobody reads is
// an error.
#ifndef PTX_RUNTIME_CORE_FIELDS_H
#define PTX_RUNTIME_CORE_FIELDS_H

#include "runtime/io/dtype.h"
#include "runtime/io/file.h"
#include "runtime/io/json.h"

#include <set>

namespace ptx {

/// The first thing found wrong while a manifest is read.
class Faults {
public:
  explicit Faults(std::string path) : path(std::move(path)) {}
  void add(const std::string &where, const std::string &why) {
    if (first.empty())
      first = "'" + printable(path) + "': manifest: " + where + ": " + why;
  }
  bool any() const { return !first.empty(); }
  Error error() const { return Error{first}; }

private:
  std::string path, first;
};

/// What rows of a buffer are of: a type of weights, or numbers.
inline bool isRowType(DType dtype) { return isWeightType(dtype) || dtype == DType::I32; }

class Fields {
public:
  Fields(const JsonValue &value, std::string where, Faults &faults) : where(std::move(where)), faults(faults) {
    object = value.asObject();
    if (!object)
      faults.add(this->where, "is " + std::string(value.kind()) + ", expected an object");
  }

  const JsonValue *optional(const char *key) {
    seen.insert(key);
    for (size_t i = 0; object && i < object->size(); ++i)
      if ((*object)[i].first == key)
        return &(*object)[i].second;
    return nullptr;
  }

  uint64_t uinteger(const char *key, uint64_t most) {
    const JsonValue *value = optional(key);
    std::optional<uint64_t> number = value ? value->asUint() : std::nullopt;
    if (!number || *number > most) {
      faults.add(where, std::string("'") + key + "' must be an integer from 0 to " + std::to_string(most));
      return 0;
    }
    return *number;
  }

  /// An index into a table of `size` entries.
  size_t index(const char *key, size_t size) {
    if (size == 0) {
      optional(key);
      faults.add(where, std::string("'") + key + "' refers to an empty table");
      return 0;
    }
    return uinteger(key, size - 1);
  }

  std::vector<size_t> indices(const JsonValue &value, const char *key, size_t size) {
    std::vector<size_t> list;
    const auto *array = value.asArray();
    if (!array)
      faults.add(where, std::string("'") + key + "' must be a list");
    for (size_t i = 0; array && i < array->size(); ++i) {
      std::optional<uint64_t> number = (*array)[i].asUint();
      if (!number || *number >= size)
        faults.add(where, std::string("'") + key + "' refers to entry " + (number ? std::to_string(*number) : "?") +
                              " of " + std::to_string(size));
      else
        list.push_back(*number);
    }
    return list;
  }

  std::string text(const char *key) {
    const JsonValue *value = optional(key);
    if (value && value->asString())
      return *value->asString();
    faults.add(where, std::string("'") + key + "' must be a string");
    return "";
  }

  /// The member "dtype", of a weight or of rows; without one they are of F32. Rows may be numbers.
  DType element(bool numbers = false) {
    if (!optional("dtype"))
      return DType::F32;
    std::string name = text("dtype");
    std::optional<DType> dtype = dtypeFromName(name);
    if (!dtype || !(numbers ? isRowType(*dtype) : isWeightType(*dtype)))
      faults.add(where, std::string("'dtype' must be F32, F16") + (numbers ? ", BF16 or I32" : " or BF16") +
                            ", found '" + printable(name) + "'");
    return dtype.value_or(DType::F32);
  }

  bool flag(const char *key) {
    const JsonValue *value = optional(key);
    if (value && !value->asBool())
      faults.add(where, std::string("'") + key + "' must be true or false");
    return value && value->asBool() && *value->asBool();
  }

  const JsonValue::Array &list(const char *key) {
    static const JsonValue::Array empty;
    const JsonValue *value = optional(key);
    if (value && value->asArray())
      return *value->asArray();
    faults.add(where, std::string("'") + key + "' must be a list");
    return empty;
  }

  void finish() {
    for (size_t i = 0; object && i < object->size(); ++i)
      if (!seen.count((*object)[i].first))
        faults.add(where, "unknown member '" + printable((*object)[i].first) + "'");
  }

  const std::string &place() const { return where; }

private:
  const JsonValue::Object *object = nullptr;
  std::string where;
  Faults &faults;
  std::set<std::string> seen;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FIELDS_H
