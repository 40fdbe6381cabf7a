// What the compiler says while it works.
#ifndef PTX_FRONTENDS_PTX_COMPILE_REPORT_H
#define PTX_FRONTENDS_PTX_COMPILE_REPORT_H

#include "passes/Target/Artifact/ParameterTable.h"
#include "runtime/core/bundle_writer.h"

#include "mlir/IR/BuiltinOps.h"

#include <chrono>
#include <string>

namespace ptx {

/// Progress lines on stderr, with seconds since the start.
class Report {
public:
  void step(const std::string &what);
  /// The closing lines: peak memory, what was written, how to run it.
  void written(const std::string &path);

private:
  double seconds() const;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Peak memory of this process and of its finished workers, in MiB.
double peakMemory(bool workers);

/// One line per parameter and per launch of a module after `plan`, on stdout.
void explain(mlir::ModuleOp module, const ParameterTable &table);

/// What of a bundle is shared between processes, and what is only read when an adapter is bound.
void explainBundle(const BundlePlan &plan);

/// For each function of a module after `stage`: its waves, the layers in each,
/// their launches layer by layer and in the plan, and what that gains.
std::string waveTables(mlir::ModuleOp module);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_REPORT_H
