// JSON: object order kept, duplicate keys refused, integers exact.
#ifndef PTX_RUNTIME_IO_JSON_H
#define PTX_RUNTIME_IO_JSON_H

#include "runtime/io/result.h"
#include "runtime/io/text_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ptx {

/// A value of 16 bytes; texts and containers lie elsewhere.
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
  JsonValue(std::string value) : data(Box(std::move(value))) {}
  JsonValue(Array value) : data(Box(std::move(value))) {}
  JsonValue(Object value) : data(Box(std::move(value))) {}
  JsonValue(LongInteger value) : data(value) {}

  bool isNull() const { return std::holds_alternative<std::monostate>(data); }
  const bool *asBool() const { return std::get_if<bool>(&data); }
  const std::string *asString() const { return boxed<std::string>(); }
  const Array *asArray() const { return boxed<Array>(); }
  const Object *asObject() const { return boxed<Object>(); }
  Array *asArray() { return const_cast<Array *>(boxed<Array>()); }
  Object *asObject() { return const_cast<Object *>(boxed<Object>()); }
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
  /// One T on the heap, copied as a value is.
  template <typename T> class Box {
  public:
    explicit Box(T value) : held(std::make_unique<T>(std::move(value))) {}
    Box(const Box &other) : held(std::make_unique<T>(*other.held)) {}
    Box(Box &&) = default;
    Box &operator=(Box other) {
      held = std::move(other.held);
      return *this;
    }
    const T *get() const { return held.get(); }

  private:
    std::unique_ptr<T> held;
  };

  template <typename T> const T *boxed() const {
    const Box<T> *box = std::get_if<Box<T>>(&data);
    return box ? box->get() : nullptr;
  }

  std::variant<std::monostate, bool, int64_t, uint64_t, double, Box<std::string>, Box<Array>, Box<Object>, LongInteger>
      data;
};

/// Strict is the specification (RFC 8259) with integers of 64 bits at most.
/// Python also writes NaN, Infinity, -Infinity and integers of any length:
/// they are read, and refused by whoever wants a number of their key.
enum class JsonDialect { Strict, Python };

/// What values may take in memory: two bytes of text may stand for one of 16.
constexpr size_t jsonMemory = 16u << 20;
/// The same for what ptx writes itself, as large as a model needs.
constexpr size_t jsonMemoryOf(size_t text) { return jsonMemory + 8 * text; }

/// `name` is the file, for errors, which give the byte offset. Depth 64. Values that take more than `memory` bytes are
/// refused.
Result<JsonValue> parseJson(const TextSource &text, std::string_view name, JsonDialect dialect = JsonDialect::Strict,
                            size_t memory = jsonMemory);

/// Is given a member; an error ends the reading and is what it returns.
using JsonMember = std::function<Status(const std::string &key, const JsonValue &value)>;

/// The same for a text with one long object, which is the whole or, with a
/// name, its member `list`: members of that object go to `each` as they come
/// and are not kept, nor looked at for keys that stand twice. What is returned
/// has it empty.
Result<JsonValue> streamJson(const TextSource &text, std::string_view name, JsonDialect dialect,
                             std::optional<std::string_view> list, const JsonMember &each);

} // namespace ptx

#endif // PTX_RUNTIME_IO_JSON_H
