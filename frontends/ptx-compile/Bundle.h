// --bundle: the weights of the artifact, packed, in a file beside it.
#ifndef PTX_FRONTENDS_PTX_COMPILE_BUNDLE_H
#define PTX_FRONTENDS_PTX_COMPILE_BUNDLE_H

#include "runtime/core/bundle_writer.h"
#include "runtime/core/container.h"
#include "runtime/core/program.h"

namespace ptx {

/// "model.ptxw" for "model.ptxm"; behind a link where the artifact lies.
std::string bundlePath(const std::string &artifact);

/// The runtime opens the program and binds none: what lies in memory then is what is bundled. It holds the weights
/// once.
class Bundle {
public:
  static Result<Bundle> pack(const std::string &artifact, const std::string &directory,
                             std::span<const Payload> payloads);

  /// The manifest of `payloads` that reads from the bundle.
  std::string manifest() const;
  /// Both files, or none: each takes its name when it is whole, the bundle first.
  Status write(std::span<const Payload> payloads) const;
  const std::string &path() const { return file; }
  const BundlePlan &contents() const { return plan; }

private:
  std::string artifact, directory, file, unbundled;
  std::shared_ptr<Program> program;
  std::shared_ptr<const Binding> base;
  BundlePlan plan;
};

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_BUNDLE_H
