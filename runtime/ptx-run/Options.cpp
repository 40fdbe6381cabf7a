#include "runtime/ptx-run/Options.h"

#include "runtime/io/file.h"
#include "runtime/io/output.h"
#include "runtime/ptx.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdio>

namespace ptx::run {

namespace {

Status checkOutputs(const Options &options) {
  size_t streams = 0;
  for (auto [flag, path] : {std::pair("--outputs", &options.outputs), std::pair("--trace", &options.trace)}) {
    if (path->empty())
      continue;
    size_t count = std::max<size_t>(1, options.adapters.size());
    if (count > 1 && isStream(*path))
      return Error{std::string(flag) + " writes a file per adapter, '" + printable(*path) +
                   "' is one stream: name a file, or one adapter"};
    for (size_t i = 0; i < count; ++i)
      if (Status status = checkOutput(numbered(*path, i, count)); !status)
        return status;
    if (!isStandardOutput(*path))
      continue;
    if (options.bench || options.generate || !options.compare.empty())
      return Error{std::string(options.bench      ? "--bench"
                               : options.generate ? "--generate"
                                                  : "--compare") +
                   " prints to standard output, which " + flag + " writes to: name a file"};
    if (++streams == 2)
      return Error{"--outputs and --trace both write to standard output: name a file for one"};
  }
  return {};
}

// What only a generation takes, and what it has no use for.
constexpr const char *samplingFlags[] = {"--temperature", "--top-k", "--top-p", "--seed"};
constexpr const char *generationFlags[] = {"--prompt-ids",
                                           "--max-new-tokens",
                                           "--min-new-tokens",
                                           "--beams",
                                           "--length-penalty",
                                           "--temperature",
                                           "--top-k",
                                           "--top-p",
                                           "--early-stopping",
                                           "--seed",
                                           "--repetition-penalty",
                                           "--no-repeat-ngram-size"};
constexpr const char *callFlags[] = {"--list", "--function", "--trace", "--compare"};

/// "5,9,33"
Status readPrompt(std::string_view text, std::vector<int64_t> &ids) {
  const char *begin = text.data(), *end = begin + text.size();
  while (begin != end) {
    auto [behind, error] = std::from_chars(begin, end, ids.emplace_back());
    if (error != std::errc() || (behind != end && (*behind != ',' || behind + 1 == end)))
      return Error{"--prompt-ids='" + printable(text) + "': expected ids and commas between them: 1,2,3"};
    begin = behind == end ? end : behind + 1;
  }
  return {};
}

Status checkGeneration(const CLI::App &app, const Options &options) {
  auto given = [&](const char *flag) { return app.get_option(flag)->count() > 0; };
  for (const char *flag : generationFlags)
    if (!options.generate && given(flag))
      return Error{std::string(flag) + " has no effect without --generate; leave it out"};
  if (!options.generate)
    return {};
  for (const char *flag : callFlags)
    if (given(flag))
      return Error{std::string(flag) + " does not go with --generate; leave one out"};
  if (given("--prompt-ids") == given("--inputs"))
    return Error{"--generate continues a prompt: say either --prompt-ids=1,2,3 or --inputs=FILE with 'input_ids'"};
  if (!given("--max-new-tokens"))
    return Error{"--generate needs --max-new-tokens=N, how many ids to add at most"};
  if (options.bench && options.generation.beams > 1)
    return Error{"--bench times each step, --beams says nothing before the last: leave one out"};
  for (const char *flag : {"--length-penalty", "--early-stopping"})
    if (given(flag) && options.generation.beams == 1)
      return Error{std::string(flag) + " has no effect without --beams=2 or more; leave it out"};
  for (const char *flag : samplingFlags)
    if (given(flag) && options.generation.beams > 1)
      return Error{std::string(flag) + " samples, --beams searches: leave one out"};
  if (options.adapters.size() > 1)
    return Error{"--generate runs under one adapter, --adapter lists " + std::to_string(options.adapters.size())};
  return {};
}

/// Options that would have no effect, and outputs over what is read.
Status checkEffects(const CLI::App &app, const Options &options) {
  auto given = [&](const char *flag) { return app.get_option(flag)->count() > 0; };
  if (options.list)
    for (const char *flag :
         {"--params", "--inputs", "--outputs", "--function", "--adapter", "--bench", "--runs", "--trace", "--compare"})
      if (given(flag))
        return Error{std::string(flag) + " has no effect with --list, which calls nothing; leave one out"};
  if (!options.list && !options.generate && options.inputs.empty())
    return Error{"nothing to do: --list prints what the program offers, --inputs=FILE calls it"};
  if (options.bench && given("--compare"))
    return Error{"--compare calls once and --bench often: leave one out"};
  if (given("--runs") && !options.bench)
    return Error{"--runs has no effect without --bench; leave it out"};
  size_t count = std::max<size_t>(1, options.adapters.size());
  for (size_t i = 0; i < count; ++i) {
    std::string outputs = options.outputs.empty() ? "" : numbered(options.outputs, i, count);
    std::string trace = options.trace.empty() ? "" : numbered(options.trace, i, count);
    for (auto [flag, path] : {std::pair("--outputs", &outputs), std::pair("--trace", &trace)})
      for (const std::string &input : {options.inputs, options.artifact})
        if (!path->empty() && isSameFile(*path, input))
          return Error{std::string(flag) + " '" + printable(*path) + "' would replace '" + printable(input) +
                       "', which is read; name another file"};
    if (!outputs.empty() && (outputs == trace || isSameFile(outputs, trace)) && !isStream(outputs))
      return Error{"--outputs and --trace are both '" + printable(outputs) + "': name two files"};
  }
  return {};
}

void addGeneration(CLI::App &app, GenerationOptions &options) {
  const CLI::Range count(int64_t(0), int64_t(INT32_MAX));
  app.add_option("--max-new-tokens", options.maxNewTokens, "how many ids a prompt is continued by at most")
      ->check(CLI::Range(int64_t(1), int64_t(INT32_MAX)));
  app.add_option("--min-new-tokens", options.minNewTokens, "nothing ends before so many")->check(count);
  app.add_option("--repetition-penalty", options.repetitionPenalty, "above 1: ids of the text come less");
  app.add_option("--no-repeat-ngram-size", options.noRepeatNgram, "no so many ids in a row come twice")->check(count);
  app.add_option("--beams", options.beams, "search with so many texts at once; default 1, no search")
      ->check(CLI::Range(1, 256));
  app.add_option("--length-penalty", options.lengthPenalty, "of beams: above 0 longer texts score better; default 1");
  const std::map<std::string, ptx_early_stopping> stops = {
      {"false", PTX_STOP_LIKELY}, {"true", PTX_STOP_EARLY}, {"never", PTX_STOP_NEVER}};
  app.add_option("--early-stopping", options.earlyStopping, "of beams: false, true or never; default false")
      ->transform(CLI::CheckedTransformer(stops, CLI::ignore_case))
      ->option_text("false|true|never");
  app.add_option("--temperature", options.temperature, "sample, with logits divided by it");
  app.add_option("--top-k", options.topK, "sample among so many likeliest; 0 is all")->check(count);
  app.add_option("--top-p", options.topP, "sample among the likeliest that together are so likely");
  app.add_option("--seed", options.seed, "sample, with other numbers by chance; default 0")
      ->check(CLI::Range(int64_t(0), INT64_MAX));
}

} // namespace

/// Before the last dot of the file's name.
std::string numbered(const std::string &path, size_t index, size_t count) {
  if (count == 1)
    return path;
  size_t slash = path.rfind('/'), dot = path.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash))
    dot = path.size();
  return path.substr(0, dot) + "." + std::to_string(index) + path.substr(dot);
}

std::optional<Options> parseCommandLine(int argc, char **argv, int &exitCode) {
  Options options;
  CLI::App app("Runs a program that ptx-compile made.", "ptx-run");
  app.set_version_flag("--version", std::string("ptx-run ") + ptx_version(), "print the version");
  app.add_option("ARTIFACT", options.artifact, "model.ptxm")->required();
  app.add_flag("--list", options.list, "print functions and adapters");
  app.add_option("--params", options.parameters, "directory of the parameter files");
  app.add_option("--inputs", options.inputs, "safetensors file with the inputs");
  app.add_option("--outputs", options.outputs,
                 "safetensors file to write ('-' is standard output); with several adapters NAME.0.safetensors, ...");
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
  app.add_flag("--bench", options.bench, "time the function, or the steps of --generate");
  app.add_option("--runs", options.runs, "timed calls of --bench, or generations")->check(CLI::Range(1, 100000));
  app.add_option("--trace", options.trace, "write the launches of one call for a trace viewer, named as --outputs");
  app.add_option("--compare", options.compare,
                 "run another artifact too, or this one on another device, and print how far its outputs lie");
  app.add_flag("--generate", options.generate, "continue prompts; the last line is the first one's new ids");
  std::string prompt;
  app.add_option("--prompt-ids", prompt, "ids of one prompt: 1,2,3; --inputs holds several as 'input_ids'");
  addGeneration(app, options.generation);
  app.allow_extras();
  try {
    app.parse(argc, argv);
    if (app.remaining_size() != 0)
      throw CLI::ExtrasError(app.remaining());
  } catch (const CLI::Success &asked) { // --help, --version
    exitCode = app.exit(asked);
    return std::nullopt;
  } catch (const CLI::ParseError &error) {
    // An unknown option is said first: it may be why something else is missing.
    std::string why = app.remaining_size() ? "'" + printable(app.remaining().front()) + "' is unknown" : error.what();
    std::fprintf(stderr, "ptx-run: error: %s (--help lists the options)\n", why.c_str());
    exitCode = 1;
    return std::nullopt;
  }
  for (const char *flag : samplingFlags)
    options.generation.sample |= app.get_option(flag)->count() > 0;
  for (const Status &status : {readPrompt(prompt, options.generation.promptIds), checkGeneration(app, options),
                               checkEffects(app, options), checkOutputs(options)})
    if (!status) {
      std::fprintf(stderr, "ptx-run: error: %s\n", status.error().message.c_str());
      exitCode = 1;
      return std::nullopt;
    }
  return options;
}

} // namespace ptx::run
