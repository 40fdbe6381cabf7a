#include "runtime/core/folds.h"
#include "runtime/core/layout.h"
#include "runtime/io/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

namespace ptx {

namespace {

class Folding {
public:
  Folding(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
          const std::shared_ptr<SpareMemory> &spare, Binding &binding)
      : manifest(manifest), geometry(geometry), device(device), spare(spare), binding(binding) {}

  Status run() {
    for (const Launch &launch : manifest.deploy) {
      std::vector<const Problem *> problems;
      for (const Problem &problem : launch.problems) {
        // What the adapter leaves alone is there already.
        if (binding.parameters[problem.target])
          continue;
        if (!problem.guard.empty() && !siteOf(problem)) {
          binding.parameters[problem.target] = binding.parameters[nodeOf(problem).parameters[0]];
          continue;
        }
        if (Status status = provide(problem); !status)
          return named(problem, status.error());
        problems.push_back(&problem);
      }
      if (Status status = start(launch, problems); !status)
        return status;
      for (const Problem *problem : problems)
        if (isDoubtful(*problem))
          if (Status status = check(*problem); !status)
            return named(*problem, status.error());
    }
    return {};
  }

private:
  const ParameterRecord &recordOf(size_t parameter) const { return manifest.parameters[parameter]; }
  const Node &nodeOf(const Problem &problem) const { return recordOf(problem.target).nodes.back(); }
  const PackedParameter &packed(size_t parameter) const { return *binding.parameters[parameter]; }
  Error named(const Problem &problem, const Error &error) const {
    return Error{"parameter '" + printable(recordOf(problem.target).label) + "': " + error.message};
  }
  const AdapterSite *siteOf(const Problem &problem) const {
    return binding.adapter ? binding.adapter->find(nodeOf(problem).sites[0]) : nullptr;
  }
  /// The norms of a weight, as a vector.
  bool isNorm(const Problem &problem) const {
    return recordOf(problem.target).layout() == NodeKind::Vector &&
           recordOf(nodeOf(problem).parameters[0]).layout() != NodeKind::Vector;
  }
  void note(const Problem &problem, const std::string &what) {
    if (binding.flaw.empty() && binding.adapter)
      binding.flaw = named(problem, Error{"adapter '" + binding.adapter->name + "', '" +
                                          manifest.sites[nodeOf(problem).sites[0]] + "': " + what})
                         .message;
  }

  /// Memory to compute into.
  Status provide(const Problem &problem) {
    const Node &node = nodeOf(problem);
    if (std::optional<size_t> index = packed(node.parameters[0]).notFinite; index && siteOf(problem))
      note(problem, "the weight is not finite at index " + std::to_string(*index));
    uint64_t bytes = packedBytes(node.layout, node.rows, node.columns, node.element, geometry);
    Result<std::shared_ptr<PackedParameter>> made = allocateParameter(device, bytes, spare);
    if (!made)
      return made.error();
    // What is behind the last element of a vector is loaded with it.
    if (node.layout == NodeKind::Vector && device->hostMemory())
      std::memset((*made)->memory.host(), 0, bytes);
    binding.parameters[problem.target] = std::move(*made);
    return {};
  }

  //===- launches --------------------------------------------------------------//

  uint64_t evaluate(const Word &word) const {
    switch (word.kind) {
    case WordKind::Pitch:
      return geometry.pitch(static_cast<uint64_t>(word.first));
    case WordKind::Parameter:
      return packed(static_cast<size_t>(word.first)).address();
    case WordKind::Rank:
      return binding.rank(word.sites);
    case WordKind::Int:
    case WordKind::Buffer:
    case WordKind::Ids:
    case WordKind::Rows:
      break;
    }
    return static_cast<uint64_t>(word.first);
  }

  const Word *find(const Problem &problem, std::string_view name) const {
    const KernelRecord &kernel = manifest.kernels[problem.kernel];
    for (size_t i = 0; i < kernel.words.size(); ++i)
      if (kernel.words[i].name == name)
        return &problem.args[i];
    return nullptr;
  }
  uint64_t count(const Problem &problem, std::string_view name) const {
    const Word *word = find(problem, name);
    return word ? evaluate(*word) : 0;
  }
  /// Bytes of the parameter that a word gives.
  uint64_t bytesOf(const Word *word) const {
    return word && word->kind == WordKind::Parameter ? packed(static_cast<size_t>(word->first)).bytes : 0;
  }

  /// Whether a parameter is as large as a weight of so many outputs and inputs, and its rows as far apart.
  bool holds(const Problem &problem, std::string_view name, uint64_t width, uint64_t depth) const {
    const Word *word = find(problem, name);
    if (!word || word->kind != WordKind::Parameter)
      return false;
    const ParameterRecord &record = recordOf(static_cast<size_t>(word->first));
    bool isTable = record.layout() == NodeKind::Table, isMatrix = record.layout() == NodeKind::Matrix;
    uint64_t rows = isTable ? depth : width, columns = isTable ? width : isMatrix ? depth : 1;
    uint64_t rowPitch = isMatrix ? geometry.matrixPitch(depth, record.element()) * dtypeBits(record.element()) / 32
                                 : geometry.pitch(width);
    const Word *pitch = find(problem, std::string(name) + "_pitch");
    return bytesOf(word) >= packedBytes(record.layout(), rows, columns, record.element(), geometry) &&
           (!pitch || evaluate(*pitch) == rowPitch);
  }

  /// What a problem takes must be as large as its words say.
  Status checkSizes(const Problem &problem) const {
    uint64_t depth = count(problem, "depth"), width = count(problem, "width"), rank = count(problem, "rank");
    uint64_t pitch = count(problem, "a_pitch");
    bool fits = problem.count == (isNorm(problem) ? 1 : depth) && problem.columns == width &&
                holds(problem, "base", width, depth) && holds(problem, "y", width, depth) && pitch >= rank &&
                bytesOf(find(problem, "a")) >= (rank ? depth * pitch * sizeof(float) : 0) &&
                bytesOf(find(problem, "b")) >= geometry.matrixElements(width, rank) * sizeof(float);
    for (size_t i = 0; const Word *extra = find(problem, "extra_" + std::to_string(i)); ++i)
      fits = fits && bytesOf(extra) >= width * sizeof(float);
    const Word *inputs = find(problem, "inputs");
    fits = fits && (!inputs || inputs->kind != WordKind::Parameter || bytesOf(inputs) >= depth * sizeof(float));
    return fits ? Status() : Error{"the sizes of what is folded do not agree"};
  }

  Status start(const Launch &launch, const std::vector<const Problem *> &wanted) {
    std::vector<ptx_problem> problems;
    std::vector<std::vector<uint64_t>> words;
    std::vector<std::vector<ptx_window>> windows;
    for (const Problem *each : wanted) {
      const Problem &problem = *each;
      if (Status status = checkSizes(problem); !status)
        return named(problem, status.error());
      ptx_problem made = {};
      made.kernel = static_cast<uint32_t>(problem.kernel);
      made.end = static_cast<int64_t>(problem.count);
      made.columns = static_cast<int64_t>(problem.columns);
      made.flops = static_cast<double>(problem.flops);
      made.bytes = static_cast<double>(problem.bytes);
      words.emplace_back();
      windows.emplace_back();
      for (const Word &word : problem.args) {
        words.back().push_back(evaluate(word));
        if (word.kind == WordKind::Parameter)
          windows.back().push_back(windowOf(static_cast<size_t>(word.first), problem));
      }
      made.words = words.back().data();
      made.windows = windows.back().data();
      made.window_count = windows.back().size();
      problems.push_back(made);
    }
    if (problems.empty())
      return {};
    Result<std::unique_ptr<DeviceQueue>> queue = DeviceQueue::open(device);
    if (!queue)
      return queue.error();
    ptx_launch list = {launch.label.c_str(), problems.data(), problems.size()};
    ptx_launch_times times = {};
    (*queue)->expect({&list, 1});
    if (Status status = (*queue)->launch(&list, 1, &times); !status)
      return status;
    return (*queue)->isSynchronous() ? Status() : (*queue)->synchronise();
  }

  ptx_window windowOf(size_t parameter, const Problem &problem) const {
    uint64_t bytes = packed(parameter).bytes;
    return {manifest.parameters[parameter].label.c_str(),
            packed(parameter).address(),
            1,
            bytes,
            bytes,
            parameter == problem.target};
  }

  //===- afterwards ------------------------------------------------------------//

  /// Only what may overflow is worth looking at; a vector is looked at anyhow.
  bool isDoubtful(const Problem &problem) const {
    const Node &node = nodeOf(problem);
    if (node.layout == NodeKind::Vector)
      return true;
    auto largest = [&](std::string_view name) {
      const Word *word = find(problem, name);
      if (!word || word->kind != WordKind::Parameter)
        return 0.0f;
      auto parameter = static_cast<size_t>(word->first);
      auto known = sizes.find(parameter);
      return known == sizes.end() ? packed(parameter).largest : known->second;
    };
    double bound = static_cast<double>(largest("base")) +
                   static_cast<double>(count(problem, "rank")) * largest("a") * largest("b");
    for (size_t i = 0; find(problem, "extra_" + std::to_string(i)); ++i)
      bound *= largest("extra_" + std::to_string(i));
    if (const Word *inputs = find(problem, "inputs"); inputs && inputs->kind == WordKind::Parameter)
      bound *= largest("inputs");
    return !(bound < (node.element == DType::F16 ? 65504 : std::numeric_limits<float>::max()));
  }

  Status check(const Problem &problem) {
    const Node &node = nodeOf(problem);
    const PackedParameter &made = packed(problem.target);
    std::vector<char> bytes(made.bytes);
    if (device->hostMemory())
      std::memcpy(bytes.data(), made.host(), made.bytes);
    else if (Status status = device->download(bytes.data(), made.address(), made.bytes, made.bytes, 1); !status)
      return status;
    const char *what = node.layout != NodeKind::Vector ? "the merged weight"
                       : isNorm(problem)               ? "the gain of its norms"
                                                       : "the merged bias";
    float largest = 0;
    for (uint64_t i = 0; i < node.rows * node.columns; ++i) {
      uint64_t place =
          packedPlace(node.layout, i / node.columns, i % node.columns, node.columns, node.element, geometry);
      float value = 0;
      widen(node.element, bytes.data() + place * dtypeBits(node.element) / 8, &value, 1);
      if (!std::isfinite(value)) {
        note(problem, std::string(what) + " is not finite at index " + std::to_string(i));
        largest = std::numeric_limits<float>::infinity();
        break;
      }
      largest = std::max(largest, std::abs(value));
    }
    sizes[problem.target] = largest;
    return {};
  }

  const Manifest &manifest;
  const Geometry &geometry;
  const std::shared_ptr<Device> &device;
  const std::shared_ptr<SpareMemory> &spare;
  Binding &binding;
  std::map<size_t, float> sizes; // the greatest size of a value of vectors that are computed
};

} // namespace

Status computeFolds(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
                    const std::shared_ptr<SpareMemory> &spare, Binding &binding) {
  return Folding(manifest, geometry, device, spare, binding).run();
}

} // namespace ptx
