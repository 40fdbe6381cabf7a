// The launch table, the deploy table and the adapters as the artifact's JSON
// manifest (runtime/FORMAT.md).
#ifndef PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H
#define PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H

#include "passes/Target/Artifact/ParameterTable.h"
#include "passes/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace ptx {

struct ManifestOptions {
  std::string modelType;
  std::vector<const Target *> targets; // the first is the artifact's own
  TargetFlags targetFlags;
  bool separate = false;
  /// Where the artifact will lie: parameter files are named relative to it.
  std::string directory;
};

/// The manifest of a module after `plan`. Reads every tensor once, for its hash.
Result<std::string> writeManifest(mlir::ModuleOp module, const ParameterTable &table, const ManifestOptions &options);

} // namespace ptx

#endif // PTX_PASSES_TARGET_ARTIFACT_MANIFEST_H
