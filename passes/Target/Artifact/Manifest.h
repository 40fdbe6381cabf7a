// The launch table, the deploy table and the adapters as the artifact's JSON
// manifest (runtime/FORMAT.md).
#ifndef PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H
#define PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H

#include "passes/Target/Artifact/ParameterTable.h"

#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <optional>

namespace ptx {

struct ManifestOptions {
  std::string modelType;
  std::vector<std::string> targets;
  bool separate = false;
  /// Where the artifact will lie: parameter files are named relative to it.
  std::string directory;
  /// Scratch bytes of a kernel: a constant part and a part per key.
  std::function<std::pair<int64_t, int64_t>(mlir::Operation *kernel)> scratch;
};

/// The manifest of a module after `plan`. Reads every tensor once, for its hash.
Result<std::string> writeManifest(mlir::ModuleOp module, const ParameterTable &table, const ManifestOptions &options);

} // namespace ptx

#endif // PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H
