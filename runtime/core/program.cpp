#include "runtime/core/program.h"

#include "runtime/core/bundle.h"
#include "runtime/core/folds.h"

#include <algorithm>
#include <deque>
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
  return container ? open(*container, options) : container.error();
}

Result<std::shared_ptr<Program>> Program::open(const Container &container, const ProgramOptions &options) {
  const std::string &path = container.path(), *text = container.find("manifest");
  if (!text)
    return Error{"'" + path + "': has no manifest"};
  Result<Manifest> manifest = readManifest(*text, path);
  if (!manifest)
    return manifest.error();
  if (manifest->targets.empty())
    return Error{"'" + path + "': was compiled for no target"};
  auto program = std::make_shared<Program>();
  program->path = path;
  program->options = options;
  // Parameter files are named relative to the file itself, whatever link led to
  // it and wherever the process goes afterwards.
  program->directory = container.directory();
  if (!options.parameterDirectory.empty()) {
    std::error_code error;
    program->options.parameterDirectory = std::filesystem::absolute(options.parameterDirectory, error).string();
  }
  program->contents = std::move(*manifest);
  // Without a wish: the device the artifact was compiled for.
  program->chosenDevice = !options.device.empty() ? options.device : program->contents.targets.front().name;
  Result<const ptx_device_table *> table = findDevice(program->chosenDevice);
  if (!table)
    return table.error();
  if (Status status = program->openDevice(**table, container); !status)
    return status.error();
  return program;
}

Status Program::openDevice(const ptx_device_table &table, const Container &container) {
  if (table.whole) {
    Result<std::unique_ptr<WholeDevice>> device =
        WholeDevice::open(table, container, contents, options.parameterDirectory);
    if (!device)
      return device.error();
    whole = std::move(*device);
    return {};
  }
  target = contents.findTarget(chosenDevice);
  if (!target || !target->geometry) {
    std::string known;
    for (const TargetRecord &record : contents.targets)
      known += (known.empty() ? "" : ", ") + record.name;
    return Error{"'" + path + "': holds no code for device '" + chosenDevice + "', it was compiled for " + known +
                 "; compile with --target=" + chosenDevice};
  }
  ptx_device_options wishes = {static_cast<uint32_t>(options.threads), options.level.c_str()};
  Result<std::shared_ptr<Device>> opened = Device::open(table, wishes);
  if (!opened)
    return opened.error();
  launcher = std::move(*opened);
  Status loaded = loadKernels(container);
  return loaded ? loaded : Error{"'" + path + "': " + loaded.error().message};
}

namespace {

/// The records a device is given, and what they point to.
struct KernelInfos {
  std::deque<std::vector<ptx_metadata>> metadata;
  std::deque<std::vector<uint32_t>> members;
  std::vector<ptx_kernel_info> infos;

  void add(const std::string &name, const MetadataRecord &record, const std::vector<size_t> &kernels, size_t words) {
    std::vector<ptx_metadata> &list = metadata.emplace_back();
    for (const auto &[key, value] : record)
      list.push_back({key.c_str(), value});
    std::vector<uint32_t> &numbers = members.emplace_back(kernels.begin(), kernels.end());
    infos.push_back(
        {name.c_str(), list.data(), list.size(), numbers.data(), numbers.size(), static_cast<uint32_t>(words)});
  }
};

} // namespace

Status Program::loadKernels(const Container &container) {
  std::vector<ptx_code_payload> payloads;
  std::string prefix = chosenDevice + "/";
  for (const auto &[name, bytes] : container.payloads())
    if (name.starts_with(prefix))
      payloads.push_back({name.c_str() + prefix.size(), bytes.data(), bytes.size()});
  KernelInfos kernels, entries;
  for (size_t i = 0; i < contents.kernels.size(); ++i)
    kernels.add(contents.kernels[i].name, target->kernels[i], {}, contents.kernels[i].words.size());
  for (size_t i = 0; i < contents.entries.size(); ++i)
    entries.add(contents.entries[i].name, target->entries[i], contents.entries[i].kernels, 0);
  return launcher->load(payloads, kernels.infos, entries.infos);
}

std::string Program::level() const { return launcher ? launcher->variant() : chosenDevice; }
uint32_t Program::threads() const { return launcher ? launcher->workers() : 1; }

const FunctionRecord *Program::findFunction(std::string_view name) const {
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
  TensorReader tensors(contents, directory, options.parameterDirectory, verified);
  auto binding = std::make_shared<Binding>();
  binding->adapter = adapter;
  if (!adapter && contents.bundle && contents.bundle->target == chosenDevice) {
    if (!launcher->hostMemory())
      return Error{"'" + path + "': its weights are bundled as memory of the host, device '" + chosenDevice +
                   "' has its own"};
    auto mapped = mapBundle(contents, path, tensors);
    if (!mapped)
      return mapped.error();
    binding->parameters = std::move(*mapped);
    return std::shared_ptr<const Binding>(std::move(binding));
  }
  for (size_t i = 0; i < contents.parameters.size(); ++i) {
    if (adapter && !dependsOn(contents.parameters[i], *adapter)) {
      binding->parameters.push_back(base->parameters[i]);
      continue;
    }
    if (contents.parameters[i].isComputed()) {
      binding->parameters.emplace_back();
      continue;
    }
    Result<std::shared_ptr<const PackedParameter>> packed = deployParameter(
        contents, contents.parameters[i], adapter, tensors, geometry(), launcher, adapter ? spare : nullptr);
    if (!packed)
      return packed.error();
    if (binding->flaw.empty())
      binding->flaw = (*packed)->flaw;
    binding->parameters.push_back(std::move(*packed));
  }
  if (Status status = computeFolds(contents, geometry(), launcher, spare, *binding); !status)
    return status.error();
  return std::shared_ptr<const Binding>(std::move(binding));
}

void BindingCache::use(const std::shared_ptr<const Binding> &binding, size_t bytes) {
  auto known = std::find_if(kept.begin(), kept.end(), [&](const Kept &other) { return other.binding == binding; });
  if (known != kept.end()) {
    kept.splice(kept.begin(), kept, known);
    return;
  }
  if (bytes > budget)
    return;
  kept.push_front({binding, bytes});
  held += bytes;
  while (held > budget) {
    held -= kept.back().bytes;
    kept.pop_back();
  }
}

Result<std::shared_ptr<const Binding>> Program::bind(const AdapterRecord *adapter, bool keep) {
  Result<ForkLock::Held> lock = bindingLock.acquire("the program's deployment of parameters");
  if (!lock)
    return lock.error();
  Result<std::shared_ptr<const Binding>> bound = bindLocked(adapter);
  if (!bound || !keep || !adapter || whole)
    return bound;
  size_t bytes = 0;
  for (size_t i = 0; i < (*bound)->parameters.size(); ++i)
    if ((*bound)->parameters[i] != base->parameters[i])
      bytes += (*bound)->parameters[i]->bytes;
  cache.use(*bound, bytes);
  return bound;
}

Result<std::shared_ptr<const Binding>> Program::bindLocked(const AdapterRecord *adapter) {
  // Such a device merges by itself; the binding only says which adapter.
  if (whole) {
    auto named = std::make_shared<Binding>();
    named->adapter = adapter;
    return std::shared_ptr<const Binding>(std::move(named));
  }
  if (!base) {
    Result<std::shared_ptr<const Binding>> made = deploy(nullptr);
    if (!made)
      return made;
    base = *made;
    size_t folded = 0;
    for (size_t i = 0; i < contents.parameters.size(); ++i)
      if (contents.parameters[i].isComputed())
        folded += base->parameters[i]->bytes;
    // Factors are small beside what they are folded into.
    spare = std::make_shared<SpareMemory>(folded + folded / 4);
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
