#include "frontends/ptx-compile/Bundle.h"

#include <cstdio>
#include <filesystem>

namespace ptx {

namespace fs = std::filesystem;

std::string bundlePath(const std::string &artifact) {
  std::error_code error;
  fs::path path = fs::weakly_canonical(fs::absolute(artifact), error);
  if (error)
    path = artifact;
  if (path.extension() == ".ptxm")
    path.replace_extension();
  return path.string() + ".ptxw"; // of no two artifacts the same
}

Result<Bundle> Bundle::pack(const std::string &artifact, const std::string &directory,
                            std::span<const Payload> payloads) {
  Bundle bundle;
  bundle.artifact = artifact;
  bundle.directory = directory;
  bundle.file = bundlePath(artifact);
  Container container = Container::of(artifact, directory, payloads);
  bundle.unbundled = *container.find("manifest");
  ProgramOptions options;
  options.device = "cpu";
  Result<std::shared_ptr<Program>> program = Program::open(container, options);
  if (!program)
    return Error{"--bundle: the weights are packed here as a program packs them: " + program.error().message};
  Result<std::shared_ptr<const Binding>> base = (*program)->bind(nullptr);
  if (!base)
    return Error{"--bundle: " + base.error().message};
  bundle.program = std::move(*program);
  bundle.base = std::move(*base);
  bundle.plan = planBundle(bundle.program->manifest(), *bundle.base, options.device);
  return bundle;
}

std::string Bundle::manifest() const { return bundledManifest(unbundled, plan, fs::path(file).filename().string()); }

Status Bundle::write(std::span<const Payload> payloads) const {
  bool isWritten = false;
  Status status = writeContainer(artifact, payloads, [&]() -> Status {
    TensorReader tensors(program->manifest(), directory, "");
    Status written = writeBundle(file, plan, *base, tensors);
    isWritten = static_cast<bool>(written);
    return written;
  });
  // Nobody reads it without its artifact.
  if (!status && isWritten)
    std::remove(file.c_str());
  return status;
}

} // namespace ptx
