// A program in memory: manifest, device, and its bindings.
#ifndef PTX_RUNTIME_CORE_PROGRAM_H
#define PTX_RUNTIME_CORE_PROGRAM_H

#include "runtime/core/container.h"
#include "runtime/core/deploy.h"
#include "runtime/core/fork_lock.h"
#include "runtime/core/manifest.h"
#include "runtime/core/spare_memory.h"
#include "runtime/device/open_device.h"
#include "runtime/device/whole_device.h"

#include <list>
#include <map>

namespace ptx {

struct ProgramOptions {
  std::string parameterDirectory, level, device;
  size_t threads = 0;
};

/// The bindings that calls with adapter_ids used last, though nobody else holds
/// them: without it every such call would deploy its adapters again.
class BindingCache {
public:
  /// Of memory that only these bindings hold.
  static constexpr size_t budget = 256u << 20;

  void use(const std::shared_ptr<const Binding> &binding, size_t bytes);

private:
  struct Kept {
    std::shared_ptr<const Binding> binding;
    size_t bytes;
  };
  std::list<Kept> kept; // the latest first
  size_t held = 0;
};

class Program {
public:
  static Result<std::shared_ptr<Program>> open(const std::string &path, const ProgramOptions &options);
  static Result<std::shared_ptr<Program>> open(const Container &container, const ProgramOptions &options);

  const Manifest &manifest() const { return contents; }
  /// The device's name, and what it chose of the artifact's variants.
  const std::string &deviceName() const { return chosenDevice; }
  std::string level() const;
  uint32_t threads() const;
  const FunctionRecord *findFunction(std::string_view name) const;
  const AdapterRecord *findAdapter(const std::string &name) const;
  /// The device that takes whole calls, or null: `device` runs launches.
  WholeDevice *wholeDevice() { return whole.get(); }
  const std::shared_ptr<Device> &device() const { return launcher; }
  /// How the device's target lays out memory. Not with a whole device.
  const Geometry &geometry() const { return *target->geometry; }
  /// Rows of a block of the row tables; with a whole device, which asks for no blocks, any.
  uint64_t blockRows() const { return target && target->geometry ? target->geometry->blockRows : 64; }
  /// The binding of an adapter (null: none); made on first use, then shared.
  /// With `keep` the program holds it for a while, within BindingCache::budget.
  Result<std::shared_ptr<const Binding>> bind(const AdapterRecord *adapter, bool keep = false);

private:
  Result<std::shared_ptr<const Binding>> deploy(const AdapterRecord *adapter);
  Result<std::shared_ptr<const Binding>> bindLocked(const AdapterRecord *adapter);
  Status openDevice(const ptx_device_table &table, const Container &container);
  Status loadKernels(const Container &container);

  std::string path, chosenDevice;
  std::string directory; // where the artifact's file lies, as it was opened
  ProgramOptions options;
  Manifest contents;
  const TargetRecord *target = nullptr;
  std::shared_ptr<Device> launcher;
  std::unique_ptr<WholeDevice> whole;
  ForkLock bindingLock;
  std::shared_ptr<const Binding> base;
  std::map<const AdapterRecord *, std::weak_ptr<const Binding>> adapted;
  BindingCache cache;
  std::shared_ptr<VerifiedTensors> verified = std::make_shared<VerifiedTensors>();
  std::shared_ptr<SpareMemory> spare; // one binding's worth
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_PROGRAM_H
