// The deploy function: parameters from stored tensors and an adapter.
#ifndef PTX_RUNTIME_CORE_DEPLOY_H
#define PTX_RUNTIME_CORE_DEPLOY_H

#include "runtime/core/manifest.h"
#include "runtime/core/spare_memory.h"
#include "runtime/device/open_device.h"
#include "runtime/io/mapping.h"

#include <memory>
#include <optional>

namespace ptx {

/// A parameter as kernels read it, in the memory of a device; no memory when it
/// is empty (a factor without adapter).
struct PackedParameter {
  DeviceMemory memory;
  std::shared_ptr<const Mapping> mapping; // in place of memory: whose bytes it is, at `mapped`
  const void *mapped = nullptr;
  size_t bytes = 0;
  // Of what folds read: the greatest size of a value, and the first that is not finite.
  float largest = 0;
  std::optional<size_t> notFinite;
  std::string flaw; // what makes factors of no use: values or a product that are not finite

  uint64_t address() const { return mapped ? reinterpret_cast<uint64_t>(mapped) : memory.address(); }
  /// For devices with host memory.
  const void *host() const { return reinterpret_cast<const void *>(address()); }
};

/// A parameter of so many bytes, whose memory goes to `spare` (which may be
/// null) when the parameter goes. Of any content where it comes from there.
Result<std::shared_ptr<PackedParameter>> allocateParameter(const std::shared_ptr<Device> &device, size_t bytes,
                                                           const std::shared_ptr<SpareMemory> &spare);

/// Parameters under one adapter. Immutable; shared parameters are shared.
struct Binding {
  std::vector<std::shared_ptr<const PackedParameter>> parameters;
  const AdapterRecord *adapter = nullptr; // null: none
  /// Why the adapter's factors are of no use; empty where they are. Such a
  /// binding is for calls that mix adapters, whose other rows it leaves alone.
  std::string flaw;
  uint64_t rank(const std::vector<size_t> &sites) const;
};

/// A matrix of f32 while a parameter is computed.
struct Matrix {
  uint64_t rows = 0, columns = 0;
  std::vector<float> values;
};

/// The states of files in which tensors had their hash: what is read from such
/// a state again is not hashed again.
using VerifiedTensors = std::vector<std::optional<FileStamp>>;

/// Reads stored tensors by reference: file size and hash are checked as the
/// bytes pass. Not for several threads.
class TensorReader {
public:
  TensorReader(const Manifest &manifest, std::string artifactDirectory, std::string parameterDirectory,
               std::shared_ptr<VerifiedTensors> verified = std::make_shared<VerifiedTensors>())
      : manifest(manifest), artifactDirectory(std::move(artifactDirectory)),
        parameterDirectory(std::move(parameterDirectory)), verified(std::move(verified)) {
    this->verified->resize(manifest.tensors.size());
  }
  Result<Matrix> read(size_t tensor);
  /// The stored bytes, in pieces: what is made of them holds when all have passed.
  Status copy(size_t tensor, const Append &append);
  /// The place to look for a file of the program.
  Result<std::string> locate(size_t file) const;

private:
  Result<File *> open(size_t file);
  std::string findUnderParameters(size_t file) const;
  bool holdsTensorsOf(size_t file, const File &candidate) const;
  std::string namesakeOf(size_t file) const;
  const Manifest &manifest;
  std::string artifactDirectory, parameterDirectory;
  std::shared_ptr<VerifiedTensors> verified; // by tensor
  std::vector<std::unique_ptr<File>> files;
};

/// Evaluates one parameter for an adapter (null: none), from the pristine
/// tensors, and lays it out for the device.
Result<std::shared_ptr<const PackedParameter>>
deployParameter(const Manifest &manifest, const ParameterRecord &parameter, const AdapterRecord *adapter,
                TensorReader &tensors, const Geometry &geometry, const std::shared_ptr<Device> &device,
                const std::shared_ptr<SpareMemory> &spare = nullptr);

/// Whether the parameter differs from the base's under the adapter.
bool dependsOn(const ParameterRecord &parameter, const AdapterRecord &adapter);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_DEPLOY_H
