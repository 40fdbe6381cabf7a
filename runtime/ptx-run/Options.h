// The command line of ptx-run.
#ifndef PTX_RUNTIME_PTX_RUN_OPTIONS_H
#define PTX_RUNTIME_PTX_RUN_OPTIONS_H

#include "runtime/ptx.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ptx::run {

/// What --generate is asked for; what is not said changes nothing.
struct GenerationOptions {
  std::vector<int64_t> promptIds;
  int64_t maxNewTokens = 0, minNewTokens = 0, noRepeatNgram = 0, topK = 0, seed = 0;
  unsigned beams = 1;
  double repetitionPenalty = 1, temperature = 1, topP = 1, lengthPenalty = 1;
  ptx_early_stopping earlyStopping = PTX_STOP_LIKELY;
  bool sample = false; // something of sampling is said
};

struct Options {
  std::string artifact, parameters, inputs, outputs, function, device, level, trace, compare;
  std::vector<std::string> adapters;
  unsigned threads = 0, runs = 20;
  bool list = false, bench = false, generate = false;
  GenerationOptions generation;
};

/// The file of the adapter at `index`: out.safetensors where there is one, else
/// out.0.safetensors, out.1.safetensors, ...
std::string numbered(const std::string &path, size_t index, size_t count);

/// Nothing when help was printed or the line is wrong; `exitCode` then says
/// what main returns.
std::optional<Options> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_OPTIONS_H
