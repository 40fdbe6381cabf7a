// A program in memory: manifest, kernels, worker pool, and its bindings.
#ifndef PTX_RUNTIME_CORE_PROGRAM_H
#define PTX_RUNTIME_CORE_PROGRAM_H

#include "runtime/core/container.h"
#include "runtime/core/deploy.h"
#include "runtime/core/manifest.h"
#include "runtime/core/plugin_device.h"
#include "runtime/cpu/pool.h"
#include "runtime/cpu/sealed_library.h"

#include <map>
#include <mutex>

namespace ptx {

struct ProgramOptions {
  std::string parameterDirectory, level, device;
  size_t threads = 0;
};

/// Parameters under one adapter. Immutable; shared parameters are shared.
struct Binding {
  std::vector<std::shared_ptr<const ParameterBuffer>> parameters;
  const AdapterRecord *adapter = nullptr; // null: none
  uint64_t rank(const std::vector<size_t> &sites) const;
};

class Program {
public:
  static Result<std::shared_ptr<Program>> open(const std::string &path, const ProgramOptions &options);

  const Manifest &manifest() const { return contents; }
  const std::string &level() const { return chosenLevel; }
  const FunctionRecord *findFunction(const std::string &name) const;
  const AdapterRecord *findAdapter(const std::string &name) const;
  Kernel kernel(const std::string &name) const { return kernels.at(name); }
  Pool &pool() { return *workers; }
  /// The device that runs whole functions, or null: the CPU's kernels run.
  PluginDevice *device() { return plugin.get(); }
  /// The binding of an adapter (null: none); made on first use, then shared.
  Result<std::shared_ptr<const Binding>> bind(const AdapterRecord *adapter);

private:
  Result<std::shared_ptr<const Binding>> deploy(const AdapterRecord *adapter);
  Status loadKernels(const Container &container, const ProgramOptions &options);

  std::string path;
  ProgramOptions options;
  Manifest contents;
  SealedLibrary library;
  std::unique_ptr<PluginDevice> plugin;
  std::string chosenLevel;
  std::map<std::string, Kernel> kernels;
  std::unique_ptr<Pool> workers;
  std::mutex bindingMutex;
  std::shared_ptr<const Binding> base;
  std::map<const AdapterRecord *, std::weak_ptr<const Binding>> adapted;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_PROGRAM_H
