#include "frontends/ptx-compile/Options.h"

#include "frontends/ptx-compile/Bundle.h"
#include "frontends/ptx-compile/MlirFlags.h"

#include "passes/Pipelines/Phases.h"
#include "runtime/io/file.h"
#include "runtime/io/output.h"
#include "runtime/ptx.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

namespace ptx {

namespace {

/// NAME=DIR[:SCALE]: the whole text is the directory where that exists.
Result<AdapterOption> parseAdapter(const std::string &text) {
  auto refuse = [&](const std::string &why) {
    return Error{"--adapter '" + printable(text) + "': " + why + "; expected NAME=DIR or NAME=DIR:SCALE"};
  };
  size_t equal = text.find('=');
  if (equal == std::string::npos || equal == 0)
    return refuse("has no name");
  AdapterOption adapter;
  adapter.name = text.substr(0, equal);
  for (unsigned char c : adapter.name)
    if (!std::isalnum(c) && c != '_' && c != '.' && c != '-')
      return refuse("a name consists of letters, digits, '_', '.' and '-'");
  if (adapter.name == "none" || adapter.name == "all")
    return refuse("the names 'none' and 'all' are taken");
  adapter.directory = text.substr(equal + 1);
  std::error_code error;
  if (std::filesystem::is_directory(adapter.directory, error))
    return adapter;
  size_t colon = adapter.directory.rfind(':');
  if (colon == std::string::npos)
    return refuse("'" + printable(adapter.directory) + "' is not a directory");
  std::string scale = adapter.directory.substr(colon + 1);
  adapter.directory.resize(colon);
  auto [end, code] = std::from_chars(scale.data(), scale.data() + scale.size(), adapter.scale);
  if (code != std::errc() || end != scale.data() + scale.size() || !std::isfinite(adapter.scale))
    return refuse("the scale '" + printable(scale) + "' is not a finite number");
  if (!std::filesystem::is_directory(adapter.directory, error))
    return refuse("'" + printable(adapter.directory) + "' is not a directory");
  return adapter;
}

Status checkAdapters(const std::vector<std::string> &texts, CompileOptions &options) {
  std::set<std::string> names;
  for (const std::string &text : texts) {
    Result<AdapterOption> adapter = parseAdapter(text);
    if (!adapter)
      return adapter.error();
    if (!names.insert(adapter->name).second)
      return Error{"two adapters are named '" + adapter->name + "'"};
    options.adapters.push_back(std::move(*adapter));
  }
  return {};
}

/// NAME or NAME:VARIANTS, as the table of targets has them.
Status checkTargets(const std::vector<std::string> &texts, CompileOptions &options) {
  for (const std::string &text : texts) {
    auto [name, variants] = llvm::StringRef(text).split(':');
    const Target *target = findTarget(name);
    if (!target)
      return Error{"--target='" + printable(text) + "': there is no such target, the targets are " + targetNames()};
    for (const TargetOption &other : options.targets)
      if (other.target == target)
        return Error{"--target names '" + name.str() + "' twice"};
    llvm::Expected<std::vector<std::string>> wanted = target->variants(variants, options.targetFlags);
    if (!wanted)
      return Error{"--target='" + printable(text) + "': " + llvm::toString(wanted.takeError())};
    options.targets.push_back({target, std::move(*wanted)});
  }
  return {};
}

std::string targetHelp() {
  std::string help = "what the program runs on; several may share the artifact";
  for (const Target *target : targets())
    help += "\n  " + target->help().str();
  return help;
}

Status checkPhase(const char *flag, const std::string &name) {
  if (name.empty() || findPhase(name))
    return {};
  return Error{std::string(flag) + "='" + printable(name) + "' is no phase; the phases are " + phaseNames()};
}

/// A second file, of weights as the CPU's memory holds them.
Status checkBundle(const CompileOptions &options) {
  if (llvm::none_of(options.targets, [](const TargetOption &option) { return option.target->name() == "cpu"; }))
    return Error{"--bundle packs weights for the CPU, which --target leaves out: add cpu to it, or leave out --bundle"};
  if (isStream(options.output))
    return Error{"--bundle writes two files, '" + printable(options.output) + "' is one stream: name a file"};
  std::string file = bundlePath(options.output);
  if (isStream(file))
    return Error{"--bundle writes '" + printable(file) + "', which is a stream: name the artifact otherwise"};
  Status status = checkOutput(file);
  return status ? status : Error{"--bundle: " + status.error().message};
}

/// What can be told of the outputs before anything is read.
Status checkOutputs(const CompileOptions &options) {
  if (Status status = checkOutput(options.output); !status)
    return status;
  if (Status status = options.reproducer.empty() ? Status() : checkOutput(options.reproducer); !status)
    return Error{"--reproducer=" + status.error().message};
  if (isStream(options.reproducer))
    return Error{"--reproducer='" + printable(options.reproducer) + "' is a stream: name a file"};
  if (isStandardOutput(options.output) && options.explain)
    return Error{"--explain prints to standard output, which -o writes the output to: name a file"};
  if (Status status = options.bundle ? checkBundle(options) : Status(); !status)
    return status;
  if (options.dumpDirectory.empty())
    return {};
  if (isStream(options.dumpDirectory))
    return Error{"--dump-phases-to writes several files, '" + printable(options.dumpDirectory) +
                 "' is one stream: name a directory"};
  Status status = checkOutputDirectory(options.dumpDirectory);
  return status ? status : Error{"--dump-phases-to=" + status.error().message};
}

/// Options that would have no effect, as far as the command line tells.
Status checkEffects(const CLI::App &app, const CompileOptions &options) {
  auto given = [&](const std::string &flag) { return app.get_option(flag)->count() > 0; };
  auto refuse = [](const std::string &flag, const std::string &why) {
    return Error{flag + " has no effect " + why + "; leave it out"};
  };
  for (const char *flag : {"--mha-out-proj", "--allow-drop"})
    if (given(flag) && options.adapters.empty())
      return refuse(flag, "without an --adapter");
  bool stops = !options.compileTo.empty() && options.compileTo != "emit" && !options.wantsText();
  if (stops && options.explain)
    return refuse("--explain", "where --compile-to stops before the artifact");
  if (stops && options.bundle)
    return refuse("--bundle", "where --compile-to stops before the artifact");
  if (stops && options.compileTo != "kernel" && given("--target"))
    return refuse("--target", "before phase 'kernel': the IR is every target's");
  for (const auto &[flag, value] : options.targetFlags) {
    if (!given("--" + flag))
      continue;
    if (stops && options.compileTo != "kernel")
      return refuse("--" + flag, "before phase 'kernel'");
    if (llvm::none_of(options.targets, [&](const TargetOption &option) { return option.target->reads(flag); }))
      return refuse("--" + flag, "on the targets asked for");
  }
  std::error_code error;
  if (std::filesystem::is_directory(options.model, error)) {
    if (given("--params"))
      return refuse("--params", "on a model directory, which has its own weights");
    return {};
  }
  if (!std::filesystem::exists(options.model, error))
    return {}; // said when it is read
  for (const char *flag : {"--topology", "--allow-extra"})
    if (given(flag))
      return refuse(flag, "on a file of IR");
  if (options.followLinks && !given("--params"))
    return refuse("--follow-links", "on a file of IR without --params");
  return {};
}

} // namespace

std::optional<CompileOptions> parseCommandLine(int argc, char **argv, int &exitCode) {
  CompileOptions options;
  std::vector<std::string> adapters, targetTexts = {"cpu"};
  std::string outProj = "auto";
  CLI::App app("Compiles a transformer and its adapters into one program.", "ptx-compile");
  app.set_version_flag("--version", std::string("ptx-compile ") + ptx_version(), "print the version");
  app.add_option("MODEL", options.model, "model directory, .mlir file in xf, or phase dump")->required();
  app.add_option("-o", options.output, "the artifact, or with --compile-to the IR ('-' is standard output)")
      ->required();
  app.add_option("--adapter", adapters, "NAME=DIR[:SCALE]; may be given several times")
      ->take_all()
      ->allow_extra_args(false);
  CLI::Option *adapterMode =
      app.add_option("--adapters", options.adapterMode, "fold adapters into the weights or keep them apart; auto folds")
          ->check(CLI::IsMember({"auto", "fuse", "separate"}));
  app.add_option("--target", targetTexts, targetHelp())->delimiter(',')->allow_extra_args(false);
  for (const Target *target : targets())
    for (const TargetFlag &flag : target->flags()) {
      std::string &value = options.targetFlags[flag.name.str()] = flag.otherwise.str();
      CLI::Option *option = app.add_option("--" + flag.name.str(), value, flag.help.str());
      llvm::SmallVector<llvm::StringRef> choices;
      flag.choices.split(choices, ',', -1, /*KeepEmpty=*/false);
      if (!choices.empty())
        option->check(CLI::IsMember(std::vector<std::string>(choices.begin(), choices.end())));
    }
  app.add_option("--dtype", options.dtype,
                 "type of linear weights, and of activations that are multiplied; else that of most stored bytes")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}));
  app.add_option("--topology", options.topology, "how decoder layers read encoder layers")
      ->check(CLI::IsMember({"original", "p-transformer"}));
  app.add_option("--params", options.parameterDirectory, "model directory with the weights of an .mlir MODEL");
  app.add_flag("--bundle", options.bundle,
               "write the packed weights beside the artifact, as .ptxw: the CPU maps them, and needs no model files");
  app.add_option("--compile-from", options.compileFrom, "the phase MODEL was dumped after");
  app.add_option("--compile-to", options.compileTo, "stop after this phase and write its IR");
  app.add_option("--dump-phases-to", options.dumpDirectory, "write the IR after each phase into this directory");
  app.add_option("--reproducer", options.reproducer,
                 "a file for the IR in front of a phase that fails or crashes, and the ptx-opt command that shows it");
  app.add_flag("--explain", options.explain, "print every parameter and launch, and the waves");
  app.add_flag("--check-finite", options.checkFinite, "refuse NaN and infinity in the weights");
  app.add_option("--allow-drop", options.allowDrop, "adapter tensors that may be left out (glob)")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--allow-extra", options.allowExtra, "ignore tensors the model does not use");
  app.add_flag("--follow-links", options.followLinks, "follow links out of the model directory");
  app.add_option("--mha-out-proj", outProj, "how often an adapter's delta on nn.MultiheadAttention's out_proj counts")
      ->check(CLI::IsMember({"once", "twice"}));
  app.footer("Flags that begin with --mlir- are MLIR's: --mlir-print-ir-after-all, --mlir-timing, ...");
  // MLIR's flags come as one word each.
  std::vector<std::string> mlirFlags;
  std::vector<char *> words;
  for (char *word : llvm::ArrayRef(argv, argc))
    if (llvm::StringRef(word).starts_with(mlirFlagPrefix))
      mlirFlags.emplace_back(word);
    else
      words.push_back(word);
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::Success &asked) { // --help, --version
    exitCode = app.exit(asked);
    return std::nullopt;
  } catch (const CLI::ParseError &error) {
    // An unknown option is said first: it may be why something else is missing.
    std::string why = app.remaining_size() ? "'" + printable(app.remaining().front()) + "' is unknown" : error.what();
    std::fprintf(stderr, "ptx-compile: error: %s (--help lists the options)\n", why.c_str());
    exitCode = 1;
    return std::nullopt;
  }
  options.mlirFlags = !mlirFlags.empty();
  options.adapterModeGiven = adapterMode->count() > 0;
  options.mhaOutProj = outProj == "once"    ? peft::MhaOutProj::Once
                       : outProj == "twice" ? peft::MhaOutProj::Twice
                                            : peft::MhaOutProj::Auto;
  for (const Status &status :
       {parseMlirFlags(mlirFlags), checkTargets(targetTexts, options), checkAdapters(adapters, options),
        checkPhase("--compile-from", options.compileFrom), checkPhase("--compile-to", options.compileTo),
        checkEffects(app, options), checkOutputs(options)})
    if (!status) {
      std::fprintf(stderr, "ptx-compile: error: %s\n", status.error().message.c_str());
      exitCode = 1;
      return std::nullopt;
    }
  return options;
}

} // namespace ptx
