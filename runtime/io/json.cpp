#include "runtime/io/json.h"

#include "runtime/io/file.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace ptx {

std::optional<int64_t> JsonValue::asInt() const {
  if (const int64_t *value = std::get_if<int64_t>(&data))
    return *value;
  const uint64_t *value = std::get_if<uint64_t>(&data);
  if (value && *value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return static_cast<int64_t>(*value);
  return std::nullopt;
}

std::optional<uint64_t> JsonValue::asUint() const {
  if (const uint64_t *value = std::get_if<uint64_t>(&data))
    return *value;
  const int64_t *value = std::get_if<int64_t>(&data);
  if (value && *value >= 0)
    return static_cast<uint64_t>(*value);
  return std::nullopt;
}

std::optional<double> JsonValue::asNumber() const {
  if (const double *value = std::get_if<double>(&data))
    return std::isfinite(*value) ? std::optional(*value) : std::nullopt;
  if (const uint64_t *value = std::get_if<uint64_t>(&data))
    return static_cast<double>(*value);
  if (const int64_t *value = std::get_if<int64_t>(&data))
    return static_cast<double>(*value);
  return std::nullopt;
}

const JsonValue *JsonValue::find(std::string_view key) const {
  if (const Object *object = asObject())
    for (const auto &[name, value] : *object)
      if (name == key)
        return &value;
  return nullptr;
}

std::string_view JsonValue::kind() const {
  if (const double *value = std::get_if<double>(&data); value && !std::isfinite(*value))
    return "a number that is not finite";
  constexpr std::string_view names[] = {"null",       "a boolean",  "an integer",
                                        "an integer", "a fraction", "a string",
                                        "a list",     "an object",  "an integer of more than 64 bits"};
  return names[data.index()];
}

namespace {

/// Receives the parser's events; the parser itself is iterative.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
public:
  explicit Builder(JsonDialect dialect) : dialect(dialect) {}

  JsonValue root;
  std::string problem; // ours; empty where the parser has one

  bool Null() { return add({}); }
  bool Bool(bool value) { return add(value); }
  bool String(const char *text, rapidjson::SizeType length, bool) { return add(std::string(text, length)); }

  /// Numbers arrive as they are written.
  bool RawNumber(const char *text, rapidjson::SizeType length, bool) {
    std::string_view number(text, length);
    if (number.find_first_of("IN") != number.npos)
      return addNamed(number);
    if (number.find_first_of(".eE") != number.npos)
      return addAs<double>(number);
    return addAs<int64_t>(number) || addAs<uint64_t>(number) || addLong(number);
  }

  bool StartObject() { return open(JsonValue::Object()); }
  bool StartArray() { return open(JsonValue::Array()); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  bool Key(const char *text, rapidjson::SizeType length, bool) {
    std::string name(text, length);
    if (!names.back().insert(name).second)
      return refuse("the key '" + printable(name) + "' stands twice");
    stack.back()->asObject()->emplace_back(std::move(name), JsonValue());
    return true;
  }

private:
  static constexpr size_t depthCap = 64;

  bool refuse(const std::string &why) {
    problem = why;
    return false;
  }

  template <typename T> bool addAs(std::string_view number) {
    T value{};
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc() && end == number.data() + number.size() && add(value);
  }

  /// An integer of more than 64 bits.
  bool addLong(std::string_view number) {
    if (dialect == JsonDialect::Strict)
      return refuse("the integer " + printable(std::string(number)) + " does not fit 64 bits");
    return add(JsonValue::LongInteger());
  }

  bool addNamed(std::string_view number) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (dialect == JsonDialect::Strict)
      return refuse("the number " + std::string(number) + " is not finite");
    if (number == "NaN")
      return add(std::numeric_limits<double>::quiet_NaN());
    if (number == "Infinity" || number == "-Infinity")
      return add(number[0] == '-' ? -infinity : infinity);
    return refuse("'" + std::string(number) + "' is no number");
  }

  bool place(JsonValue value, JsonValue *&where) {
    if (stack.empty()) {
      root = std::move(value);
      where = &root;
    } else if (auto *array = stack.back()->asArray()) {
      array->push_back(std::move(value));
      where = &array->back();
    } else {
      auto &member = stack.back()->asObject()->back().second;
      member = std::move(value);
      where = &member;
    }
    return true;
  }

  bool add(JsonValue value) {
    JsonValue *where;
    return place(std::move(value), where);
  }

  bool open(JsonValue value) {
    if (stack.size() == depthCap)
      return refuse("nested deeper than " + std::to_string(depthCap));
    JsonValue *where;
    place(std::move(value), where);
    stack.push_back(where);
    names.emplace_back();
    return true;
  }

  bool close() {
    stack.pop_back();
    names.pop_back();
    return true;
  }

  JsonDialect dialect;
  std::vector<JsonValue *> stack; // an open container does not move: only the innermost grows
  std::vector<std::unordered_set<std::string>> names;
};

} // namespace

Result<JsonValue> parseJson(std::string_view text, std::string_view name, JsonDialect dialect) {
  auto refuse = [&](size_t position, const std::string &why) {
    return Error{"'" + printable(name) + "': not valid JSON: at byte " + std::to_string(position) + ": " + why};
  };
  if (text.starts_with("\xef\xbb\xbf"))
    return refuse(0, "a byte-order mark");
  // The library takes one for the end of the text.
  if (size_t nul = text.find('\0'); nul != text.npos)
    return refuse(nul, "a NUL byte");
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder(dialect);
  rapidjson::ParseResult result = reader.Parse<flags>(stream, builder);
  if (result.IsError())
    return refuse(result.Offset(),
                  builder.problem.empty() ? rapidjson::GetParseError_En(result.Code()) : builder.problem);
  return std::move(builder.root);
}

} // namespace ptx
