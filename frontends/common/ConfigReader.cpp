#include "frontends/common/ConfigReader.h"

#include "runtime/io/file.h"

namespace ptx::frontends {

void ConfigReader::fail(const std::string &why) {
  if (firstError.empty())
    firstError = "'" + printable(path) + "': " + why;
}

static std::string describe(const JsonValue &value) {
  if (value.asString())
    return "\"" + printable(*value.asString()) + "\"";
  if (std::optional<int64_t> integer = value.asInt())
    return std::to_string(*integer);
  if (std::optional<double> number = value.asNumber())
    return std::to_string(*number);
  return std::string(value.kind());
}

void ConfigReader::mismatch(const char *key, const JsonValue &found, const std::string &expected) {
  fail("'" + std::string(key) + "' is " + describe(found) + ", expected " + expected);
}

int64_t ConfigReader::integer(const char *key, std::optional<int64_t> otherwise, int64_t least, int64_t most) {
  const JsonValue *value = object.find(key);
  std::string expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  if (!value) {
    if (!otherwise)
      fail("has no '" + std::string(key) + "', expected " + expected);
    return otherwise.value_or(least);
  }
  std::optional<int64_t> integer = value->asInt();
  if (!integer || *integer < least || *integer > most) {
    mismatch(key, *value, expected);
    return least;
  }
  return *integer;
}

double ConfigReader::number(const char *key, std::optional<double> otherwise, double least, double most) {
  const JsonValue *value = object.find(key);
  std::string expected = "a number from " + std::to_string(least) + " to " + std::to_string(most);
  if (!value) {
    if (!otherwise)
      fail("has no '" + std::string(key) + "', expected " + expected);
    return otherwise.value_or(least);
  }
  std::optional<double> number = value->asNumber();
  if (!number || !(*number >= least && *number <= most)) {
    mismatch(key, *value, expected);
    return least;
  }
  return *number;
}

bool ConfigReader::boolean(const char *key, bool otherwise) {
  const JsonValue *value = object.find(key);
  if (!value)
    return otherwise;
  if (!value->asBool()) {
    mismatch(key, *value, "true or false");
    return otherwise;
  }
  return *value->asBool();
}

std::string ConfigReader::text(const char *key, const std::optional<std::string> &otherwise) {
  const JsonValue *value = object.find(key);
  if (!value) {
    if (!otherwise)
      fail("has no '" + std::string(key) + "', expected a string");
    return otherwise.value_or("");
  }
  if (!value->asString()) {
    mismatch(key, *value, "a string");
    return "";
  }
  return *value->asString();
}

std::optional<size_t> ConfigReader::architecture(const std::vector<std::string_view> &supported) {
  const JsonValue *list = object.find("architectures");
  if (!list || list->isNull())
    return std::nullopt;
  const auto *names = list->asArray();
  if (!names || names->empty() || !(*names)[0].asString()) {
    fail("'architectures' is " + std::string(list->kind()) + ", expected a list of strings");
    return std::nullopt;
  }
  const std::string &name = *(*names)[0].asString();
  std::string known;
  for (size_t i = 0; i < supported.size(); ++i) {
    if (name == supported[i])
      return i;
    known += (known.empty() ? "" : ", ") + std::string(supported[i]);
  }
  fail("'architectures' names \"" + name + "\", supported are " + known);
  return std::nullopt;
}

Status ConfigReader::status() const {
  if (firstError.empty())
    return {};
  return Error{firstError};
}

} // namespace ptx::frontends
