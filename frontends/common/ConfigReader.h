// Typed fields of a config.json; the errors name the file and the field.
#ifndef PTX_FRONTENDS_COMMON_CONFIGREADER_H
#define PTX_FRONTENDS_COMMON_CONFIGREADER_H

#include "runtime/io/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::frontends {

class ConfigReader {
public:
  ConfigReader(const JsonValue &object, std::string path) : object(object), path(std::move(path)) {}

  /// An integer in [least, most]; without a default the field must be there.
  int64_t integer(const char *key, std::optional<int64_t> otherwise, int64_t least, int64_t most);
  double number(const char *key, std::optional<double> otherwise, double least, double most);
  bool boolean(const char *key, bool otherwise);
  std::string text(const char *key, const std::optional<std::string> &otherwise);
  /// Which of `supported` the first of 'architectures' is; nothing where it names none.
  std::optional<size_t> architecture(const std::vector<std::string_view> &supported);
  const JsonValue *find(const char *key) const { return object.find(key); }

  /// Records an error that is the caller's to find (divisibility and such).
  void fail(const std::string &why);
  /// The first error found.
  Status status() const;
  const std::string &file() const { return path; }

private:
  void mismatch(const char *key, const JsonValue &found, const std::string &expected);

  const JsonValue &object;
  std::string path;
  std::string firstError;
};

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_CONFIGREADER_H
