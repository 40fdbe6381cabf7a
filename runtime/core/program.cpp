#include "runtime/core/program.h"

#include "runtime/cpu/level.h"

#include <filesystem>

namespace ptx {

uint64_t Binding::rank(const std::vector<size_t> &sites) const {
  uint64_t sum = 0;
  for (size_t site : sites)
    if (const AdapterSite *entry = adapter ? adapter->find(site) : nullptr)
      sum += entry->rank;
  return sum;
}

Result<std::shared_ptr<Program>> Program::open(const std::string &path, const ProgramOptions &options) {
  Result<Container> container = Container::open(path);
  if (!container)
    return container.error();
  const std::string *text = container->find("manifest");
  if (!text)
    return Error{"'" + path + "': has no manifest"};
  Result<Manifest> manifest = readManifest(*text, path);
  if (!manifest)
    return manifest.error();
  auto program = std::make_shared<Program>();
  program->path = path;
  program->options = options;
  program->contents = std::move(*manifest);
  // Without a wish: the device the artifact was compiled for.
  const std::vector<std::string> &targets = program->contents.targets;
  std::string chosen = !options.device.empty() ? options.device : targets.empty() ? "cpu" : targets.front();
  if (chosen != "cpu") {
    if (chosen != "reference")
      return Error{"device '" + chosen + "' is unknown, this runtime has cpu and reference"};
    Result<std::unique_ptr<PluginDevice>> device =
        PluginDevice::open(chosen, *container, program->contents, options.parameterDirectory);
    if (!device)
      return device.error();
    program->plugin = std::move(*device);
    program->chosenLevel = chosen;
    program->workers = std::make_unique<Pool>(1);
    return program;
  }
  if (Status status = program->loadKernels(*container, options); !status)
    return Error{"'" + path + "': " + status.error().message};
  program->workers = std::make_unique<Pool>(usableThreads(static_cast<unsigned>(options.threads)));
  return program;
}

Status Program::loadKernels(const Container &container, const ProgramOptions &options) {
  std::vector<std::string> available;
  for (const std::string &level : cpuLevels())
    if (container.find("cpu/" + level))
      available.push_back(level);
  if (available.empty())
    return Error{"holds no CPU kernels: it was compiled for another target"};
  Result<std::string> level = chooseLevel(available, options.level);
  if (!level)
    return level.error();
  chosenLevel = *level;
  Result<SealedLibrary> loaded = SealedLibrary::load(*container.find("cpu/" + *level));
  if (!loaded)
    return loaded.error();
  library = std::move(*loaded);
  for (const FunctionRecord &function : contents.functions)
    for (const Launch &launch : function.launches)
      for (const Problem &problem : launch.problems) {
        Result<Kernel> kernel = library.find(problem.kernel);
        if (!kernel)
          return kernel.error();
        kernels[problem.kernel] = *kernel;
      }
  return {};
}

const FunctionRecord *Program::findFunction(const std::string &name) const {
  for (const FunctionRecord &function : contents.functions)
    if (function.name == name)
      return &function;
  return nullptr;
}

const AdapterRecord *Program::findAdapter(const std::string &name) const {
  for (const AdapterRecord &adapter : contents.adapters)
    if (adapter.name == name)
      return &adapter;
  return nullptr;
}

/// Whatever the adapter leaves alone is the base's.
Result<std::shared_ptr<const Binding>> Program::deploy(const AdapterRecord *adapter) {
  TensorReader tensors(contents, std::filesystem::absolute(path).parent_path().string(), options.parameterDirectory);
  auto binding = std::make_shared<Binding>();
  binding->adapter = adapter;
  for (size_t i = 0; i < contents.parameters.size(); ++i) {
    if (adapter && !dependsOn(contents.parameters[i], *adapter)) {
      binding->parameters.push_back(base->parameters[i]);
      continue;
    }
    Result<std::shared_ptr<const ParameterBuffer>> buffer =
        deployParameter(contents, contents.parameters[i], adapter, tensors);
    if (!buffer)
      return buffer.error();
    binding->parameters.push_back(std::move(*buffer));
  }
  return std::shared_ptr<const Binding>(std::move(binding));
}

Result<std::shared_ptr<const Binding>> Program::bind(const AdapterRecord *adapter) {
  std::lock_guard lock(bindingMutex);
  // A plug-in merges by itself; the binding only says which adapter.
  if (plugin) {
    auto named = std::make_shared<Binding>();
    named->adapter = adapter;
    return std::shared_ptr<const Binding>(std::move(named));
  }
  if (!base) {
    Result<std::shared_ptr<const Binding>> made = deploy(nullptr);
    if (!made)
      return made;
    base = *made;
  }
  if (!adapter)
    return base;
  if (std::shared_ptr<const Binding> known = adapted[adapter].lock())
    return known;
  Result<std::shared_ptr<const Binding>> made = deploy(adapter);
  if (made)
    adapted[adapter] = *made;
  return made;
}

} // namespace ptx
