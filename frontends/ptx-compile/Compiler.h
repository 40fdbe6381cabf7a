// From the command line to the artifact: read, lower phase by phase, emit.
#ifndef PTX_FRONTENDS_PTX_COMPILE_COMPILER_H
#define PTX_FRONTENDS_PTX_COMPILE_COMPILER_H

#include "frontends/peft/adapter.h"
#include "frontends/ptx-compile/Options.h"
#include "frontends/ptx-compile/Report.h"
#include "passes/Pipelines/Phases.h"
#include "runtime/core/container.h"

#include "mlir/IR/OwningOpRef.h"

namespace ptx {

class Compiler {
public:
  Compiler(mlir::MLIRContext *context, const CompileOptions &options) : context(context), options(options) {}

  Status run();

private:
  Status read();
  Status readModel();
  Status readIr();
  Status readText();
  Status readParameters();
  Status readAdapters(const peft::Base &base, const std::string &baseName);
  Status checkEffects() const;
  Status lower();
  Status writeText();
  Status emit();
  Status dump(size_t phase);
  std::string storedType() const;
  Status writeReproducer(const PhaseOptions &phaseOptions);
  Status dumpKernels(std::string name, const TargetCode &code);
  std::string sizeText() const;
  Status generate(std::vector<Payload> &payloads);

  mlir::MLIRContext *context;
  const CompileOptions &options;
  Report report;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string referenceText, referencePhase; // the IR the reference device interprets
  std::string waves;                         // the tables of --explain
  ParameterTable parameters;
  std::string modelType = "mlir";
  size_t phase = 0; // the last one done
};

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_COMPILER_H
