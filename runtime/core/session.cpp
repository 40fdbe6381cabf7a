#include "runtime/core/call.h"
#include "runtime/core/launch.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace ptx {

namespace {
constexpr size_t alignment = 64, slack = 256;

size_t alignUp(size_t size) { return (size + alignment - 1) / alignment * alignment; }

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
} // namespace

Arena::~Arena() { std::free(memory); }

char *Arena::reserve(size_t bytes) {
  if (bytes <= size && memory)
    return memory;
  std::free(memory);
  size = alignUp(std::max<size_t>(bytes, alignment));
  memory = static_cast<char *>(std::aligned_alloc(alignment, size));
  if (!memory)
    size = 0;
  return memory;
}

Status Session::call(const std::string &name, const ptx_tensor *inputs, size_t count) {
  std::unique_lock own(busy, std::try_to_lock);
  if (!own)
    return Error{"the session is in use by another call: one session serves one call at a time"};
  const FunctionRecord *function = program->findFunction(name);
  if (!function) {
    std::string known;
    for (const FunctionRecord &other : program->manifest().functions)
      known += (known.empty() ? "" : ", ") + other.name;
    return Error{"the program has no function '" + name + "', it has " + known};
  }
  results.clear();
  launches.clear();
  stopped = false;
  Result<CallInputs> checked = checkInputs(*program, *function, inputs, count);
  if (!checked)
    return checked.error();
  if (PluginDevice *device = program->device()) {
    int32_t adapter =
        binding->adapter ? static_cast<int32_t>(binding->adapter - program->manifest().adapters.data()) : -1;
    return device->call(*function, adapter, inputs, count, resultMemory, results);
  }
  if (Status status = prepare(*function, *checked); !status)
    return status;
  if (Status status = run(*function); !status)
    return status;
  scatter(*function);
  return {};
}

/// Orders the sequences so that equal adapters stand together.
Result<std::vector<Group>> Session::groupByAdapter(const CallInputs &inputs, std::vector<int32_t> &order) {
  int32_t batch = static_cast<int32_t>(order.size());
  if (inputs.adapters.empty())
    return std::vector<Group>{{0, batch, binding}};
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return std::pair(inputs.adapters[static_cast<size_t>(a)], a) <
           std::pair(inputs.adapters[static_cast<size_t>(b)], b);
  });
  std::vector<Group> found;
  for (int32_t i = 0; i < batch; ++i) {
    int32_t id = inputs.adapters[static_cast<size_t>(order[static_cast<size_t>(i)])];
    if (i > 0 && id == inputs.adapters[static_cast<size_t>(order[static_cast<size_t>(i - 1)])]) {
      found.back().end = i + 1;
      continue;
    }
    const AdapterRecord *adapter = id < 0 ? nullptr : &program->manifest().adapters[static_cast<size_t>(id)];
    Result<std::shared_ptr<const Binding>> bound = program->bind(adapter);
    if (!bound)
      return bound.error();
    found.push_back({i, i + 1, *bound});
  }
  return found;
}

Status Session::prepare(const FunctionRecord &function, const CallInputs &inputs) {
  std::vector<int32_t> order(inputs.dims.at("B"));
  std::iota(order.begin(), order.end(), 0);
  Result<std::vector<Group>> found = groupByAdapter(inputs, order);
  if (!found)
    return found.error();
  groups = std::move(*found);

  spaces.clear();
  for (const SpaceRecord &space : function.spaces) {
    const std::vector<uint8_t> *mask = space.mask >= 0 ? &inputs.masks[static_cast<size_t>(space.mask)] : nullptr;
    spaces.push_back(buildRows(static_cast<int32_t>(order.size()), static_cast<int32_t>(inputs.dims.at(space.dims[1])),
                               mask && !mask->empty() ? mask->data() : nullptr, space.keepFirst, order));
  }
  rowIds.assign(function.inputs.size(), {});
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (function.inputs[i].mask)
      continue;
    const RowTable &table = spaces[function.inputs[i].space];
    for (int32_t row = 0; row < table.rows(); ++row) {
      size_t caller = static_cast<size_t>(order[static_cast<size_t>(table.sequence[row])]);
      rowIds[i].push_back(
          inputs.ids[i][caller * static_cast<size_t>(table.length) + static_cast<size_t>(table.position[row])]);
    }
  }
  return reserveBuffers(function);
}

Status Session::reserveBuffers(const FunctionRecord &function) {
  std::vector<size_t> slots(function.slots, 0);
  for (const BufferRecord &buffer : function.buffers) {
    const RowTable &table = spaces[buffer.space];
    size_t count = static_cast<size_t>(buffer.perSequence ? table.sequences : table.rows());
    slots[buffer.slot] = std::max(slots[buffer.slot], count * buffer.pitch * sizeof(float));
  }
  std::vector<size_t> offsets;
  size_t total = 0;
  for (size_t size : slots) {
    offsets.push_back(total);
    total += alignUp(size + slack);
  }
  char *base = arena.reserve(total);
  scratchPerWorker = 0;
  for (const Launch &launch : function.launches)
    for (const Problem &problem : launch.problems) {
      size_t keys = (static_cast<size_t>(spaces[problem.keySpace].mostKeys) + 15) / 16 * 16;
      scratchPerWorker = std::max(scratchPerWorker, alignUp(problem.scratchBase + problem.scratchPerKey * keys));
    }
  if (!base || !scratch.reserve(scratchPerWorker * program->pool().size()))
    return Error{"no memory for a call of this size: " + std::to_string(total) + " bytes of arena"};
  buffers.clear();
  for (const BufferRecord &buffer : function.buffers)
    buffers.push_back(reinterpret_cast<float *>(base + offsets[buffer.slot]));
  return {};
}

Status Session::run(const FunctionRecord &function) {
  LaunchRunner runner(*this);
  auto start = std::chrono::steady_clock::now();
  for (const Launch &launch : function.launches) {
    if (cancel && cancel(cancelUser)) {
      stopped = true;
      return Error{"the call was cancelled in front of '" + launch.label + "'"};
    }
    double begin = secondsSince(start);
    ptx_launch_profile profile = runner.run(launch);
    profile.start = begin;
    profile.end = secondsSince(start);
    launches.push_back(profile);
  }
  return {};
}

/// Rows go back to the caller's [B,S]; where no row is, zero.
void Session::scatter(const FunctionRecord &function) {
  results.clear();
  resultMemory.clear();
  for (const OutputRecord &output : function.outputs) {
    const RowTable &table = spaces[output.space];
    size_t width = output.width, batch = static_cast<size_t>(table.sequences),
           length = static_cast<size_t>(table.length);
    std::vector<float> &memory = resultMemory.emplace_back(batch * (output.perSequence ? 1 : length) * width, 0.0f);
    const float *source = buffers[output.buffer] + output.column;
    size_t pitch = function.buffers[output.buffer].pitch;
    size_t count = output.perSequence ? batch : static_cast<size_t>(table.rows());
    for (size_t i = 0; i < count; ++i) {
      size_t sequence = output.perSequence ? i : static_cast<size_t>(table.sequence[i]);
      size_t caller = static_cast<size_t>(table.order[sequence]);
      size_t row = output.perSequence ? caller : caller * length + static_cast<size_t>(table.position[i]);
      std::memcpy(memory.data() + row * width, source + i * pitch, width * sizeof(float));
    }
    ptx_tensor tensor = {
        output.name.c_str(), PTX_F32, output.perSequence ? 2u : 3u, {batch, length, width}, memory.data()};
    if (output.perSequence)
      tensor.dims[1] = width;
    results.push_back(tensor);
  }
}

} // namespace ptx
