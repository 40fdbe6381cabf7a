// A device that takes whole calls (whole_call.h), from the side of the runtime.
#ifndef PTX_RUNTIME_DEVICE_WHOLE_DEVICE_H
#define PTX_RUNTIME_DEVICE_WHOLE_DEVICE_H

#include "runtime/core/container.h"
#include "runtime/core/deploy.h"
#include "runtime/core/fork_lock.h"
#include "runtime/device/device.h"
#include "runtime/ptx.h"

#include <span>

namespace ptx {

/// The rows of a session that a call is given: [B], and [histories][B] tokens before it.
struct WholeRows {
  void *session = nullptr; // null: none
  std::vector<int64_t> slots, lengths;
};

/// The bytes of results, by the number of the output.
using ResultMemory = std::vector<std::vector<std::byte>>;

class WholeDevice {
public:
  /// Gives the device the program's text. `manifest` must outlive it.
  static Result<std::unique_ptr<WholeDevice>> open(const ptx_device_table &table, const Container &container,
                                                   const Manifest &manifest, const std::string &parameterDirectory);
  ~WholeDevice();

  /// One call at a time for all sessions: the device is for checking, not for
  /// speed. Results are those of all outputs, in their order.
  Status call(const FunctionRecord &function, int32_t adapter, const ptx_tensor *inputs, size_t count,
              const WholeRows &rows, ResultMemory &memory, std::vector<ptx_tensor> &results);

  Result<void *> openSession();
  void closeSession(void *session);
  Status copySession(void *session, uint32_t from, uint32_t to);

private:
  WholeDevice(const Manifest &manifest, TensorReader reader) : manifest(manifest), tensors(std::move(reader)) {}
  static int read(void *context, const char *name, uint32_t *rank, uint64_t dims[4], float *out, size_t count,
                  char *error, size_t errorSize);

  const Manifest &manifest;
  TensorReader tensors;
  std::vector<const char *> adapterNames, historyNames;
  std::string phase;
  ptx_whole_host host = {};
  void *state = nullptr;
  const ptx_whole_call *calls = nullptr;
  ForkLock turn;
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_WHOLE_DEVICE_H
