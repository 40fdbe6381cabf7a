// ptx-run: a program, inputs from a file, outputs into a file.
#include "runtime/io/failure.h"
#include "runtime/io/file.h"
#include "runtime/io/output.h"
#include "runtime/io/temporary.h"
#include "runtime/ptx-run/Bench.h"
#include "runtime/ptx-run/Compare.h"
#include "runtime/ptx-run/Generate.h"
#include "runtime/ptx-run/Options.h"
#include "runtime/ptx-run/Status.h"
#include "runtime/ptx-run/Tensors.h"
#include "runtime/ptx-run/Trace.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace {

using namespace ptx;
using namespace ptx::run;

struct Close {
  void operator()(ptx_program *program) const { ptx_program_close(program); }
  void operator()(ptx_binding *binding) const { ptx_binding_release(binding); }
  void operator()(ptx_session *session) const { ptx_session_close(session); }
};
template <typename T> using Handle = std::unique_ptr<T, Close>;

class Tool {
public:
  explicit Tool(const Options &options) : options(options) {}

  Status run() {
    if (Status status = open(); !status)
      return status;
    if (options.list)
      return list();
    Result<Inputs> read =
        options.inputs.empty() ? promptInputs(options.generation.promptIds) : readInputs(options.inputs);
    if (!read)
      return read.error();
    if (options.generate)
      return generate(*read);
    Result<std::vector<Outputs>> results = call(*read);
    if (!results)
      return results.error();
    if (!options.compare.empty())
      return compare(*read, *results);
    return finish(*results);
  }

private:
  Status open() {
    ptx_program_options open = {};
    open.struct_size = sizeof open;
    open.parameters = options.parameters.empty() ? nullptr : options.parameters.c_str();
    open.level = options.level.empty() ? nullptr : options.level.c_str();
    open.device = options.device.empty() ? nullptr : options.device.c_str();
    open.threads = options.threads;
    nowAt("opening '" + printable(options.artifact) + "'");
    ptx_program *opened = nullptr;
    if (Status status = toStatus(ptx_program_open(options.artifact.c_str(), &open, &opened)); !status)
      return status;
    program.reset(opened);
    return checkWishes();
  }

  /// Devices take of --threads and --level what they know: what they leave is said.
  Status checkWishes() const {
    const char *level = ptx_program_level(program.get());
    if (!options.level.empty() && options.level != level)
      return Error{"--level='" + options.level + "' has no effect on the program's device, which runs '" + level + "'"};
    unsigned threads = ptx_program_threads(program.get());
    if (options.threads && options.threads != threads)
      std::fprintf(stderr, "note: --threads=%u, the program's device uses %u\n", options.threads, threads);
    return {};
  }

  Status list() {
    for (size_t i = 0; i < ptx_program_function_count(program.get()); ++i)
      std::printf("function %s\n", ptx_program_signature(program.get(), ptx_program_function(program.get(), i)));
    for (size_t i = 0; i < ptx_program_adapter_count(program.get()); ++i)
      std::printf("adapter %s\n", ptx_program_adapter(program.get(), i));
    std::printf("level %s, %u threads\n", ptx_program_level(program.get()), ptx_program_threads(program.get()));
    return {};
  }

  Status chooseAdapters(const Inputs &inputs) {
    for (const ptx_tensor &tensor : inputs.tensors)
      givesAdapterIds |= std::strcmp(tensor.name, "adapter_ids") == 0;
    adapters = options.adapters;
    if (!adapters.empty())
      return {};
    size_t count = ptx_program_adapter_count(program.get());
    if (count == 1) {
      adapters = {ptx_program_adapter(program.get(), 0)};
      std::fprintf(stderr, "using the program's adapter '%s' (--adapter=none runs the base)\n", adapters[0].c_str());
      return {};
    }
    // The rows themselves say which.
    if (count == 0 || givesAdapterIds) {
      adapters = {"none"};
      return {};
    }
    std::string names = "none";
    for (size_t i = 0; i < count; ++i)
      names += std::string(", ") + ptx_program_adapter(program.get(), i);
    return Error{"the program has several adapters: say --adapter=NAME with one or more of " + names};
  }

  Status chooseFunction() {
    function = options.function;
    for (const char *name : {"forward", "encode"})
      if (function.empty() && ptx_program_signature(program.get(), name))
        function = name;
    if (function.empty())
      return Error{"the program has neither 'forward' nor 'encode': say --function=NAME, --list names them"};
    return {};
  }

  /// On the adapter's parameters, which the session holds.
  Result<Handle<ptx_session>> openSession(const std::string &adapter) {
    nowAt("reading the parameters of '" + printable(options.artifact) + "'");
    ptx_binding *bound = nullptr;
    if (Status status = toStatus(ptx_binding_create(program.get(), adapter.c_str(), &bound)); !status)
      return status.error();
    Handle<ptx_binding> binding(bound);
    ptx_session *opened = nullptr;
    if (Status status = toStatus(ptx_session_open(bound, &opened)); !status)
      return status.error();
    return Handle<ptx_session>(opened);
  }

  Status generate(const Inputs &inputs) {
    if (Status status = chooseAdapters(inputs); !status)
      return status;
    Result<Handle<ptx_session>> session = openSession(adapters[0]);
    if (!session)
      return session.error();
    return printGenerated(options, program.get(), session->get(), inputs);
  }

  /// The outputs under each adapter.
  Result<std::vector<Outputs>> call(const Inputs &inputs) {
    if (Status status = chooseAdapters(inputs); !status)
      return status.error();
    if (Status status = chooseFunction(); !status)
      return status.error();
    std::string shapes;
    for (const ptx_tensor &tensor : inputs.tensors)
      shapes += (shapes.empty() ? "" : ", ") + shapeText(tensor);
    std::vector<Outputs> results;
    for (const std::string &adapter : adapters) {
      Result<Handle<ptx_session>> session = openSession(adapter);
      if (!session)
        return session.error();
      ptx_session *opened = session->get();
      if (ptx_program_keeps_rows(program.get(), function.c_str()))
        if (Status status = toStatus(ptx_session_reserve(opened, rowsNeeded(inputs), 0)); !status)
          return status.error();
      nowAt("calling '" + function + "' with " + shapes);
      const ptx_tensor *outputs = nullptr;
      size_t count = 0;
      auto once = [&] {
        return toStatus(
            ptx_session_call(opened, function.c_str(), inputs.tensors.data(), inputs.tensors.size(), &outputs, &count));
      };
      if (options.bench)
        if (Status status = bench(program.get(), opened, options.runs, once); !status)
          return status.error();
      // Noting what workers do takes time: the calls that are timed leave it out.
      ptx_session_set_trace(opened, !options.trace.empty());
      if (!options.bench || !options.trace.empty())
        if (Status status = once(); !status)
          return status.error();
      if (!options.trace.empty())
        if (Status status = writeTrace(numbered(options.trace, results.size(), adapters.size()), program.get(), opened);
            !status)
          return status.error();
      nowAt("copying the outputs of '" + function + "' with " + shapes);
      results.push_back(copyOutputs(outputs, count));
    }
    return results;
  }

  /// The same calls on the other artifact or device, then the comparison.
  Status compare(const Inputs &inputs, const std::vector<Outputs> &results) {
    Options others = options;
    others.level.clear();
    others.trace.clear();
    others.adapters = adapters;
    others.function = function;
    std::error_code error;
    if (std::filesystem::exists(options.compare, error)) {
      others.artifact = options.compare;
      others.device.clear();
    } else {
      others.device = options.compare;
    }
    Tool other(others);
    if (Status status = other.open(); !status)
      return Error{"--compare: " + status.error().message};
    Result<std::vector<Outputs>> beside = other.call(inputs);
    if (!beside)
      return Error{"--compare: " + beside.error().message};
    for (size_t i = 0; i < results.size(); ++i) {
      if (results.size() > 1)
        std::printf("adapter %s\n", adapters[i].c_str());
      if (Status status = printComparison(results[i], (*beside)[i]); !status)
        return status;
    }
    return finish(results);
  }

  /// Only when every call has succeeded is anything written or said.
  Status finish(const std::vector<Outputs> &results) {
    bool said =
        options.outputs.empty() && options.compare.empty() && !options.bench && !isStandardOutput(options.trace);
    for (size_t i = 0; said && i < results.size(); ++i) {
      if (results.size() > 1)
        std::printf("adapter %s\n", adapters[i].c_str());
      printOutputs(results[i]);
    }
    for (size_t i = 0; !options.outputs.empty() && i < results.size(); ++i)
      if (Status status = writeOutputs(numbered(options.outputs, i, results.size()), results[i]); !status)
        return status;
    return {};
  }

  const Options &options;
  Handle<ptx_program> program;
  std::vector<std::string> adapters;
  std::string function;
  bool givesAdapterIds = false;
};

} // namespace

int main(int argc, char **argv) {
  cleanUpOnSignals();
  endOnFailures("ptx-run");
  int exitCode = 0;
  std::optional<Options> options = parseCommandLine(argc, argv, exitCode);
  if (!options)
    return exitCode;
  if (Status status = Tool(*options).run(); !status) {
    std::fprintf(stderr, "ptx-run: error: %s\n", status.error().message.c_str());
    return 1;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    std::fprintf(stderr, "ptx-run: error: standard output cannot be written: %s\n", std::strerror(errno));
    return 1;
  }
  return 0;
}
