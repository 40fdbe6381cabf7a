// JSON: object order kept, duplicate keys refused, integers exact.
#ifndef PTX_RUNTIME_IO_JSON_H
#define PTX_RUNTIME_IO_JSON_H

#include "runtime/io/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ptx {

class JsonValue {
public:
  using Array = std::vector<JsonValue>;
  using Object = std::vector<std::pair<std::string, JsonValue>>; // in file order
  /// An integer that no type of 64 bits holds: there, but nobody can use it.
  struct LongInteger {};

  JsonValue() = default;
  JsonValue(bool value) : data(value) {}
  JsonValue(int64_t value) : data(value) {}
  JsonValue(uint64_t value) : data(value) {}
  JsonValue(double value) : data(value) {}
  JsonValue(std::string value) : data(std::move(value)) {}
  JsonValue(Array value) : data(std::move(value)) {}
  JsonValue(Object value) : data(std::move(value)) {}
  JsonValue(LongInteger value) : data(value) {}

  bool isNull() const { return std::holds_alternative<std::monostate>(data); }
  const bool *asBool() const { return std::get_if<bool>(&data); }
  const std::string *asString() const { return std::get_if<std::string>(&data); }
  const Array *asArray() const { return std::get_if<Array>(&data); }
  const Object *asObject() const { return std::get_if<Object>(&data); }
  Array *asArray() { return std::get_if<Array>(&data); }
  Object *asObject() { return std::get_if<Object>(&data); }
  /// Integers only: 1.0 is no integer.
  std::optional<int64_t> asInt() const;
  std::optional<uint64_t> asUint() const;
  /// Integers and fractions that are finite.
  std::optional<double> asNumber() const;
  /// The member of an object, or null.
  const JsonValue *find(std::string_view key) const;
  /// "null", "a string", "a list"... for messages.
  std::string_view kind() const;

private:
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object, LongInteger> data;
};

/// Strict is the specification (RFC 8259) with integers of 64 bits at most.
/// Python also writes NaN, Infinity, -Infinity and integers of any length:
/// they are read, and refused by whoever wants a number of their key.
enum class JsonDialect { Strict, Python };

/// `name` is the file, for errors, which give the byte offset. Depth 64.
Result<JsonValue> parseJson(std::string_view text, std::string_view name, JsonDialect dialect = JsonDialect::Strict);

} // namespace ptx

#endif // PTX_RUNTIME_IO_JSON_H
