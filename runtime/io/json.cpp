#include "runtime/io/json.h"

#include "runtime/io/file.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <set>

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
    return *value;
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
  constexpr std::string_view names[] = {"null",       "a boolean", "an integer", "an integer",
                                        "a fraction", "a string",  "a list",     "an object"};
  return names[data.index()];
}

namespace {

/// Receives the parser's events; the parser itself is iterative.
class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
  JsonValue root;
  std::string problem;

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(static_cast<int64_t>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(static_cast<uint64_t>(value)); }
  bool string(string_t &value) override { return add(std::move(value)); }
  bool binary(binary_t &) override { return refuse("binary data"); }

  bool number_float(number_float_t value, const string_t &text) override {
    // An integer that fits no 64-bit type arrives here.
    if (text.find_first_of(".eE") == std::string::npos)
      return refuse("the integer " + printable(text) + " does not fit 64 bits");
    if (!std::isfinite(value))
      return refuse("the number " + printable(text) + " is not finite");
    return add(static_cast<double>(value));
  }

  bool start_object(std::size_t) override { return open(JsonValue::Object()); }
  bool start_array(std::size_t) override { return open(JsonValue::Array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    auto &object = *stack.back()->asObject();
    auto &seen = names.back();
    if (!seen.insert(name).second)
      return refuse("the key '" + printable(name) + "' stands twice");
    object.emplace_back(name, JsonValue());
    return true;
  }

  bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &error) override {
    std::string_view what = error.what();
    if (size_t colon = what.rfind(": "); colon != std::string_view::npos)
      what.remove_prefix(colon + 2);
    problem = "at byte " + std::to_string(position) + ": " + printable(what);
    return false;
  }

private:
  static constexpr size_t depthCap = 64;

  bool refuse(const std::string &why) {
    problem = why;
    return false;
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

  std::vector<JsonValue *> stack; // an open container does not move: only the innermost grows
  std::vector<std::set<std::string>> names;
};

} // namespace

Result<JsonValue> parseJson(std::string_view text, std::string_view name) {
  auto refuse = [&](const std::string &why) { return Error{"'" + printable(name) + "': not valid JSON: " + why}; };
  if (text.starts_with("\xef\xbb\xbf"))
    return refuse("at byte 0: a byte-order mark");
  // The library takes one for the end of the text.
  if (size_t nul = text.find('\0'); nul != text.npos)
    return refuse("at byte " + std::to_string(nul) + ": a NUL byte");
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return refuse(builder.problem);
  return std::move(builder.root);
}

} // namespace ptx
