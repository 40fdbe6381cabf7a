#include "runtime/io/json.h"

#include "runtime/io/file.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

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

/// RapidJSON's stream, a part at a time. The library takes a NUL byte for the
/// end of the text.
class TextStream {
public:
  using Ch = char;
  explicit TextStream(const TextSource &text) : text(text) { fill(); }

  Ch Peek() const { return left.empty() ? '\0' : left.front(); }
  Ch Take() {
    Ch taken = Peek();
    left.remove_prefix(left.empty() ? 0 : 1);
    if (left.empty())
      fill();
    return taken;
  }
  size_t Tell() const { return end - left.size(); }

  // Of streams that are written to.
  Ch *PutBegin() { return nullptr; }
  void Put(Ch) {}
  void Flush() {}
  size_t PutEnd(Ch *) { return 0; }

  /// Why the source gave no more.
  const std::optional<Error> &error() const { return fault; }
  bool atMark() const { return left.starts_with("\xef\xbb\xbf"); }
  bool atNul() const { return !left.empty() && left.front() == '\0'; }

private:
  void fill() {
    Result<std::string_view> part = text.part(end, buffer);
    if (part)
      end += part->size();
    else
      fault = part.error();
    left = part ? *part : std::string_view();
  }

  const TextSource &text;
  std::string buffer;
  std::string_view left; // of the part at hand
  size_t end = 0;        // of the part, in the text
  std::optional<Error> fault;
};

/// Receives the parser's events; the parser itself is iterative.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
public:
  struct Stream {
    std::optional<std::string_view> list;
    const JsonMember &each;
  };

  Builder(JsonDialect dialect, size_t memory, const Stream *stream)
      : dialect(dialect), memory(memory), stream(stream) {}

  JsonValue root;
  std::string problem;        // ours; empty where the parser has one
  std::optional<Error> error; // of who takes the members

  bool tooLarge() const { return held > memory; }

  bool Null() { return add({}); }
  bool Bool(bool value) { return add(value); }
  /// Counted before it is copied: a text may be as long as the file.
  bool String(const char *text, rapidjson::SizeType length, bool) {
    return hold(boxBytes + length) && add(std::string(text, length));
  }

  /// Numbers arrive as they are written.
  bool RawNumber(const char *text, rapidjson::SizeType length, bool) {
    std::string_view number(text, length);
    if (number.find_first_of("IN") != number.npos)
      return addNamed(number);
    if (number.find_first_of(".eE") != number.npos) {
      std::optional<double> value = as<double>(number);
      return value && add(*value);
    }
    if (std::optional<int64_t> value = as<int64_t>(number))
      return add(*value);
    if (std::optional<uint64_t> value = as<uint64_t>(number))
      return add(*value);
    return addLong(number);
  }

  bool StartObject() { return open(JsonValue::Object()); }
  bool StartArray() { return open(JsonValue::Array()); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  bool Key(const char *text, rapidjson::SizeType length, bool) {
    if (stack.back() == streamed)
      heldBefore = held;
    return hold(length) &&
           append(*stack.back()->asObject(), JsonValue::Object::value_type(std::string(text, length), JsonValue()));
  }

private:
  static constexpr size_t depthCap = 64, boxBytes = 48; // a text or container, with what the heap adds

  bool refuse(const std::string &why) {
    problem = why;
    return false;
  }

  template <typename T> static std::optional<T> as(std::string_view number) {
    T value{};
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc() && end == number.data() + number.size() ? std::optional(value) : std::nullopt;
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

  /// Counts what a list grows by.
  template <typename List> bool append(List &list, typename List::value_type value) {
    if (size_t full = list.capacity(); list.size() == full) {
      size_t more = std::max<size_t>(full, 1);
      if (!hold(more * sizeof(typename List::value_type)))
        return false;
      list.reserve(full + more);
    }
    list.push_back(std::move(value));
    return true;
  }

  bool hold(size_t bytes) {
    held += bytes;
    return held <= memory;
  }

  bool place(JsonValue value, JsonValue *&where) {
    if (stack.empty()) {
      root = std::move(value);
      where = &root;
      return true;
    }
    if (auto *array = stack.back()->asArray()) {
      if (!append(*array, std::move(value)))
        return false;
      where = &array->back();
      return true;
    }
    where = &stack.back()->asObject()->back().second;
    *where = std::move(value);
    return true;
  }

  bool add(JsonValue value) {
    JsonValue *where;
    return place(std::move(value), where) && completed();
  }

  bool open(JsonValue value) {
    if (stack.size() == depthCap)
      return refuse("nested deeper than " + std::to_string(depthCap));
    JsonValue *where;
    if (!hold(boxBytes) || !place(std::move(value), where))
      return false;
    bool whole = stack.empty();
    if (stream && where->asObject() &&
        (stream->list ? stack.size() == 1 && root.asObject() && root.asObject()->back().first == *stream->list : whole))
      streamed = where;
    stack.push_back(where);
    return true;
  }

  bool close() {
    JsonValue *closed = stack.back();
    stack.pop_back();
    if (closed == streamed)
      streamed = nullptr;
    else if (const JsonValue::Object *object = closed->asObject(); object && !checkKeys(*object))
      return false;
    return completed();
  }

  /// A value is there: does it go to who takes the members?
  bool completed() {
    if (!streamed || stack.back() != streamed)
      return true;
    JsonValue::Object &members = *streamed->asObject();
    Status taken = stream->each(members.back().first, members.back().second);
    members.pop_back();
    held = heldBefore;
    if (!taken)
      error = taken.error();
    return static_cast<bool>(taken);
  }

  bool checkKeys(const JsonValue::Object &object) {
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const auto &[key, value] : object)
      keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    auto twice = std::adjacent_find(keys.begin(), keys.end());
    return twice == keys.end() || refuse("the key '" + printable(std::string(*twice)) + "' stands twice");
  }

  JsonDialect dialect;
  size_t memory, held = 0, heldBefore = 0; // bytes of the values; the same in front of a member that is given away
  const Stream *stream;
  JsonValue *streamed = nullptr;  // the object whose members are given away, while it is open
  std::vector<JsonValue *> stack; // an open container does not move: only the innermost grows
};

Result<JsonValue> parse(const TextSource &text, std::string_view name, Builder builder) {
  auto refuse = [&](size_t position, const std::string &why) {
    return Error{"'" + printable(name) + "': not valid JSON: at byte " + std::to_string(position) + ": " + why};
  };
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag;
  TextStream stream(text);
  if (stream.atMark())
    return refuse(0, "a byte-order mark");
  rapidjson::Reader reader;
  rapidjson::ParseResult result = reader.Parse<flags>(stream, builder);
  if (stream.error())
    return *stream.error();
  if (builder.error)
    return *builder.error;
  if (builder.tooLarge())
    return Error{"'" + printable(name) + "': the values of its first " + std::to_string(result.Offset()) +
                 " bytes take more memory than JSON files of this kind may"};
  if (stream.atNul())
    return refuse(stream.Tell(), "a NUL byte");
  if (result.IsError())
    return refuse(result.Offset(),
                  builder.problem.empty() ? rapidjson::GetParseError_En(result.Code()) : builder.problem);
  return std::move(builder.root);
}

} // namespace

Result<JsonValue> parseJson(const TextSource &text, std::string_view name, JsonDialect dialect, size_t memory) {
  return parse(text, name, Builder(dialect, memory, nullptr));
}

Result<JsonValue> streamJson(const TextSource &text, std::string_view name, JsonDialect dialect,
                             std::optional<std::string_view> list, const JsonMember &each) {
  Builder::Stream stream{list, each};
  return parse(text, name, Builder(dialect, jsonMemory, &stream));
}

} // namespace ptx
