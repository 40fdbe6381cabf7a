#include "runtime/ptx-run/Options.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace ptx::run {

/// What else would go where "-" sends an output; empty where nothing would.
static std::string standardOutputClash(const Options &options) {
  if (options.outputs == "-" && options.adapters.size() > 1)
    return "'--outputs=-' takes one adapter: several make several files";
  if (options.outputs == "-" && options.trace == "-")
    return "'--outputs=-' and '--trace=-' both write to standard output";
  const char *text = options.list ? "--list" : options.bench ? "--bench" : nullptr;
  if (text && (options.outputs == "-" || options.trace == "-"))
    return std::string(text) + " prints to standard output, and so does '" +
           (options.outputs == "-" ? "--outputs=-'" : "--trace=-'");
  return "";
}

std::optional<Options> parseCommandLine(int argc, char **argv, int &exitCode) {
  Options options;
  CLI::App app("Runs a program that ptx-compile made.", "ptx-run");
  app.add_option("ARTIFACT", options.artifact, "model.ptxm")->required();
  app.add_flag("--list", options.list, "print functions and adapters");
  app.add_option("--params", options.parameters, "directory of the parameter files");
  app.add_option("--inputs", options.inputs, "safetensors file with the inputs");
  app.add_option("--outputs", options.outputs,
                 "safetensors file to write; with several adapters NAME.0.safetensors, ...");
  app.add_option("--function", options.function, "function to call; default forward, else encode");
  app.add_option("--adapter", options.adapters, "adapters to run with, one after the other; none is the base")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--device", options.device,
                 "what to run on: cpu, cuda, emulator, reference or a plug-in; default the artifact's own");
  app.add_option("--threads", options.threads, "worker threads; default all this process may use")
      ->check(CLI::Range(1, 1024));
  app.add_option("--level", options.level, "CPU level to force");
  app.add_flag("--bench", options.bench, "time the function");
  app.add_option("--runs", options.runs, "timed calls of --bench")->check(CLI::Range(1, 100000));
  app.add_option("--trace", options.trace, "write the launches of one call for a trace viewer");
  // Part of the tool's contract, and not of this version: said, not "unexpected".
  bool generate = false;
  app.add_flag("--generate", generate)->group("");
  app.allow_extras();
  try {
    app.parse(argc, argv);
    if (!generate && app.remaining_size() != 0)
      throw CLI::ExtrasError(app.remaining());
  } catch (const CLI::CallForHelp &help) {
    exitCode = app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError &error) {
    std::fprintf(stderr, "ptx-run: error: %s (--help lists the options)\n", error.what());
    exitCode = 1;
    return std::nullopt;
  }
  if (std::string clash = standardOutputClash(options); !clash.empty()) {
    std::fprintf(stderr, "ptx-run: error: %s\n", clash.c_str());
    exitCode = 1;
    return std::nullopt;
  }
  if (generate) {
    std::fprintf(stderr, "ptx-run: error: --generate is not available in this version; --function=NAME --inputs=FILE "
                         "--outputs=FILE calls the program's functions\n");
    exitCode = 1;
    return std::nullopt;
  }
  return options;
}

} // namespace ptx::run
