// The command line of ptx-compile.
#ifndef PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H
#define PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H

#include "frontends/peft/adapter.h"
#include "runtime/io/result.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace ptx {

struct AdapterOption {
  std::string name, directory;
  double scale = 1;
};

struct CompileOptions {
  std::string model, output;
  std::vector<AdapterOption> adapters;
  std::string adapterMode = "auto";           // auto, fuse, separate
  std::vector<std::string> targets = {"cpu"}; // cpu, reference: the first is the artifact's own
  std::string cpuLevels = "all";              // all, host or a level
  std::string topology;                       // "", original, p-transformer
  std::string parameterDirectory;             // of an .mlir model
  std::string compileFrom, compileTo, dumpDirectory;
  std::vector<std::string> allowDrop;
  peft::MhaOutProj mhaOutProj = peft::MhaOutProj::Auto;
  bool wants(const std::string &target) const {
    return std::find(targets.begin(), targets.end(), target) != targets.end();
  }
  bool allowExtra = false, followLinks = false, explain = false, checkFinite = false;
};

/// Reads the command line. Nothing when help was printed; `exitCode` then says
/// what main returns.
std::optional<CompileOptions> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_OPTIONS_H
