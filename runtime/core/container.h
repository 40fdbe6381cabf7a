// model.ptxm: a fixed header, payloads tiled without holes, and an index with
// their hashes. Layout: runtime/FORMAT.md.
#ifndef PTX_RUNTIME_CORE_CONTAINER_H
#define PTX_RUNTIME_CORE_CONTAINER_H

#include "runtime/io/result.h"

#include <functional>
#include <map>
#include <span>
#include <string>

namespace ptx {

struct Payload {
  std::string name;
  std::string bytes;
};

/// Writes the artifact; equal payloads give equal bytes. It replaces `path`
/// when it is whole, after `last`, which writes what has to be there before it.
Status writeContainer(
    const std::string &path, std::span<const Payload> payloads,
    const std::function<Status()> &last = [] { return Status(); });

/// An artifact whose every byte has been verified.
class Container {
public:
  static Result<Container> open(const std::string &path);
  /// One that is not written yet, and where it is going to lie.
  static Container of(const std::string &path, const std::string &directory, std::span<const Payload> payloads);
  /// The payload, or null.
  const std::string *find(const std::string &name) const;
  const std::map<std::string, std::string> &payloads() const { return byName; }
  const std::string &path() const { return file; }
  /// Where the file itself lies, behind every link: absolute, as it was when it was opened.
  const std::string &directory() const { return folder; }

private:
  std::string file, folder;
  std::map<std::string, std::string> byName;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_CONTAINER_H
