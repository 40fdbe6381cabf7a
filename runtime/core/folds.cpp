#include "runtime/core/folds.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace ptx {

namespace {

class Folding {
public:
  Folding(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
          const std::shared_ptr<SpareMemory> &spare, Binding &binding)
      : manifest(manifest), geometry(geometry), device(device), spare(spare), binding(binding) {}

  Status run() {
    for (size_t i = 0; i < manifest.parameters.size(); ++i)
      if (manifest.parameters[i].isFold())
        if (Status status = provide(i); !status)
          return named(i, status.error());
    for (const Launch &launch : manifest.deploy)
      if (Status status = start(launch); !status)
        return status;
    for (const Launch &launch : manifest.deploy)
      for (const Problem &problem : launch.problems)
        if (std::find(doubtful.begin(), doubtful.end(), problem.target) != doubtful.end())
          if (Status status = check(problem); !status)
            return named(problem.target, status.error());
    return {};
  }

private:
  Error named(size_t parameter, const Error &error) const {
    return Error{"parameter '" + printable(manifest.parameters[parameter].label) + "': " + error.message};
  }
  const Node &foldOf(size_t parameter) const { return manifest.parameters[parameter].nodes.back(); }
  bool isTable(const Node &fold) const {
    return manifest.parameters[fold.parameters[0]].nodes.back().kind == NodeKind::Table;
  }
  const PackedParameter &packed(size_t parameter) const { return *binding.parameters[parameter]; }
  const AdapterSite *siteOf(const Node &fold) const {
    return binding.adapter ? binding.adapter->find(fold.sites[0]) : nullptr;
  }
  void note(size_t parameter, const std::string &what) {
    if (binding.flaw.empty())
      binding.flaw = named(parameter, Error{"adapter '" + binding.adapter->name + "', '" +
                                            manifest.sites[foldOf(parameter).sites[0]] + "': " + what})
                         .message;
  }

  /// Memory to compute into, or the base itself.
  Status provide(size_t parameter) {
    const Node &fold = foldOf(parameter);
    const std::shared_ptr<const PackedParameter> &base = binding.parameters[fold.parameters[0]];
    if (!siteOf(fold)) {
      binding.parameters[parameter] = base;
      return {};
    }
    Result<std::shared_ptr<PackedParameter>> made = allocateParameter(device, base->bytes, spare);
    if (!made)
      return made.error();
    binding.parameters[parameter] = std::move(*made);
    doubt(parameter);
    return {};
  }

  /// Only what may overflow is worth looking at afterwards.
  void doubt(size_t parameter) {
    const Node &fold = foldOf(parameter);
    double base = packed(fold.parameters[0]).largest, a = packed(fold.parameters[1]).largest,
           b = packed(fold.parameters[2]).largest, rank = static_cast<double>(siteOf(fold)->rank);
    if (std::optional<size_t> index = packed(fold.parameters[0]).notFinite)
      note(parameter, "the weight is not finite at index " + std::to_string(*index));
    else if (!(base + rank * a * b < std::numeric_limits<float>::max()))
      doubtful.push_back(parameter);
  }

  //===- launches --------------------------------------------------------------//

  uint64_t evaluate(const Word &word) const {
    switch (word.kind) {
    case WordKind::Pitch:
      return geometry.pitch(static_cast<uint64_t>(word.first));
    case WordKind::Parameter:
      return packed(static_cast<size_t>(word.first)).memory.address();
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

  /// What a problem takes must be as large as its words say.
  Status checkSizes(const Problem &problem) const {
    const Node &fold = foldOf(problem.target);
    const KernelRecord &kernel = manifest.kernels[problem.kernel];
    auto count = [&](std::string_view name) -> uint64_t {
      for (size_t i = 0; i < kernel.words.size(); ++i)
        if (kernel.words[i].name == name)
          return evaluate(problem.args[i]);
      return 0;
    };
    uint64_t rows = count("rows"), width = count("width"), rank = count("rank");
    auto floats = [&](size_t i) { return packed(fold.parameters[i]).bytes / sizeof(float); };
    uint64_t needed = isTable(fold) ? rows * geometry.pitch(width) : geometry.matrixElements(width, rows);
    if (rows != problem.count || width != problem.columns || floats(0) < needed ||
        floats(1) < rows * count("a_pitch") || count("a_pitch") < rank ||
        floats(2) < geometry.matrixElements(width, rank))
      return Error{"the sizes of what is folded do not agree"};
    for (size_t i = 3; i < fold.parameters.size(); ++i)
      if (floats(i) < width)
        return Error{"the sizes of what is folded do not agree"};
    return {};
  }

  Status start(const Launch &launch) {
    std::vector<ptx_problem> problems;
    std::vector<std::vector<uint64_t>> words;
    std::vector<std::vector<ptx_window>> windows;
    for (const Problem &problem : launch.problems) {
      if (binding.rank(problem.guard) == 0)
        continue;
      if (Status status = checkSizes(problem); !status)
        return named(problem.target, status.error());
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
            packed(parameter).memory.address(),
            1,
            bytes,
            bytes,
            parameter == problem.target};
  }

  //===- afterwards ------------------------------------------------------------//

  /// Where element (row m, column n) of the sums lies.
  size_t placeOf(const Problem &problem, uint64_t m, uint64_t n) const {
    if (isTable(foldOf(problem.target)))
      return m * geometry.pitch(problem.columns) + n;
    if (geometry.matrix == MatrixLayout::Rows)
      return n * geometry.pitch(problem.count) + m;
    return (n / geometry.lanes * problem.count + m) * geometry.lanes + n % geometry.lanes;
  }

  Status check(const Problem &problem) {
    const PackedParameter &made = packed(problem.target);
    std::vector<float> values(made.bytes / sizeof(float));
    if (device->hostMemory())
      std::memcpy(values.data(), made.memory.host(), made.bytes);
    else if (Status status = device->download(values.data(), made.memory.address(), made.bytes, made.bytes, 1); !status)
      return status;
    // In the order of the weight: a table [V,D], or a matrix [N,K].
    bool table = isTable(foldOf(problem.target));
    uint64_t outer = table ? problem.count : problem.columns, inner = table ? problem.columns : problem.count;
    for (uint64_t i = 0; i < outer * inner; ++i)
      if (!std::isfinite(
              values[table ? placeOf(problem, i / inner, i % inner) : placeOf(problem, i % inner, i / inner)])) {
        note(problem.target, "the merged weight is not finite at index " + std::to_string(i));
        break;
      }
    return {};
  }

  const Manifest &manifest;
  const Geometry &geometry;
  const std::shared_ptr<Device> &device;
  const std::shared_ptr<SpareMemory> &spare;
  Binding &binding;
  std::vector<size_t> doubtful;
};

} // namespace

Status computeFolds(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
                    const std::shared_ptr<SpareMemory> &spare, Binding &binding) {
  return Folding(manifest, geometry, device, spare, binding).run();
}

} // namespace ptx
