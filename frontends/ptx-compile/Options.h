// The command line of ptx-compile.
#ifndef PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H
#define PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H

#include "frontends/peft/adapter.h"
#include "passes/Target/Target.h"
#include "runtime/io/result.h"

#include <optional>
#include <string>
#include <vector>

namespace ptx {

struct AdapterOption {
  std::string name, directory;
  double scale = 1;
};

/// A target with its variants: payloads of the artifact.
struct TargetOption {
  const Target *target = nullptr;
  std::vector<std::string> variants;
};

struct CompileOptions {
  std::string model, output;
  std::vector<AdapterOption> adapters;
  std::string adapterMode = "auto"; // auto, fuse, separate
  bool adapterModeGiven = false;
  std::vector<TargetOption> targets; // the first is the artifact's own
  TargetFlags targetFlags;
  std::string dtype;              // "", f32, f16, bf16
  std::string topology;           // "", original, p-transformer
  std::string parameterDirectory; // of an .mlir model
  std::string compileFrom, compileTo, dumpDirectory, reproducer;
  std::vector<std::string> allowDrop;
  peft::MhaOutProj mhaOutProj = peft::MhaOutProj::Auto;
  /// Whether some target's device interprets the program's text.
  bool wantsText() const {
    return llvm::any_of(targets, [](const TargetOption &option) { return !option.target->geometry(); });
  }
  bool mlirFlags = false; // some were given
  bool allowExtra = false, followLinks = false, explain = false, checkFinite = false, bundle = false;
};

/// Reads the command line. Nothing when help was printed; `exitCode` then says
/// what main returns.
std::optional<CompileOptions> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H
