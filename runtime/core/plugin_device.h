// A device in a shared library of its own: runtime/core/plugin.h from the
// side of the runtime.
#ifndef PTX_RUNTIME_CORE_PLUGIN_DEVICE_H
#define PTX_RUNTIME_CORE_PLUGIN_DEVICE_H

#include "runtime/core/container.h"
#include "runtime/core/deploy.h"
#include "runtime/core/plugin.h"
#include "runtime/ptx.h"

#include <deque>
#include <mutex>
#include <span>

namespace ptx {

class PluginDevice {
public:
  /// Loads `libptx-<name>.so` and gives it the program's text. `manifest` must
  /// outlive the device.
  static Result<std::unique_ptr<PluginDevice>> open(const std::string &name, const Container &container,
                                                    const Manifest &manifest, const std::string &parameterDirectory);
  ~PluginDevice();

  /// One call at a time for all sessions: the device is for checking, not for speed.
  Status call(const FunctionRecord &function, int32_t adapter, const ptx_tensor *inputs, size_t count,
              std::deque<std::vector<float>> &memory, std::vector<ptx_tensor> &results);

private:
  PluginDevice(const Manifest &manifest, TensorReader reader) : manifest(manifest), tensors(std::move(reader)) {}
  static int read(void *context, const char *name, uint32_t *rank, uint64_t dims[4], float *out, size_t count,
                  char *error, size_t errorSize);

  const Manifest &manifest;
  TensorReader tensors;
  std::vector<const char *> adapterNames;
  std::string phase;
  ptx_plugin_host host = {};
  void *library = nullptr, *state = nullptr;
  const ptx_plugin *plugin = nullptr;
  std::mutex turn;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_PLUGIN_DEVICE_H
