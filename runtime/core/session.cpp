#include "runtime/core/call.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace ptx {

namespace {
// Slots start on 256 bytes: what GPU libraries take as aligned.
constexpr size_t alignment = 256, slack = 256;

size_t alignUp(size_t size) { return (size + alignment - 1) / alignment * alignment; }
} // namespace

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<Program> program,
                                               std::shared_ptr<const Binding> binding) {
  std::unique_ptr<Session> session(new Session(std::move(program), std::move(binding)));
  if (const std::shared_ptr<Device> &device = session->program->device()) {
    Result<std::unique_ptr<DeviceQueue>> queue = DeviceQueue::open(device);
    if (!queue)
      return queue.error();
    session->queue = std::move(*queue);
    session->arena = std::make_unique<Arena>(device);
    session->tables = std::make_unique<CallTables>(device);
  }
  return session;
}

Result<std::unique_lock<std::mutex>> Session::claim() {
  std::unique_lock own(busy, std::try_to_lock);
  if (!own)
    return Error{"the session is in use by another call: one session serves one call at a time", Cause::Busy};
  return own;
}

Status Session::call(const std::string &name, const ptx_tensor *inputs, size_t count,
                     const std::function<Status(std::span<const ptx_tensor>)> &use) {
  Result<std::unique_lock<std::mutex>> own = claim();
  if (!own)
    return own.error();
  const FunctionRecord *function = program->findFunction(name);
  if (!function) {
    std::string known;
    for (const FunctionRecord &other : program->manifest().functions)
      known += (known.empty() ? "" : ", ") + other.name;
    return Error{"the program has no function '" + name + "', it has " + known, Cause::NotFound};
  }
  return callClaimed(*function, inputs, count, use);
}

Status Session::callClaimed(const FunctionRecord &function, const ptx_tensor *inputs, size_t count,
                            const std::function<Status(std::span<const ptx_tensor>)> &use) {
  if (Status status = compute(function, inputs, count); !status)
    return status;
  return use(results);
}

Status Session::compute(const FunctionRecord &function, const ptx_tensor *inputs, size_t count) {
  results.clear();
  times.clear();
  Result<CallInputs> checked = checkInputs(*program, function, inputs, count);
  if (!checked)
    return checked.error();
  if (WholeDevice *device = program->wholeDevice()) {
    int32_t adapter =
        binding->adapter ? static_cast<int32_t>(binding->adapter - program->manifest().adapters.data()) : -1;
    return device->call(function, adapter, inputs, count, resultMemory, results);
  }
  if (Status status = prepare(function, *checked); !status)
    return status;
  if (Status status = run(function); !status)
    return status;
  return scatter(function);
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
    Result<std::shared_ptr<const Binding>> bound = program->bind(adapter, /*keep=*/true);
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
  memory.groups = std::move(*found);

  memory.spaces.clear();
  for (const SpaceRecord &space : function.spaces) {
    const std::vector<uint8_t> *mask = space.mask >= 0 ? &inputs.masks[static_cast<size_t>(space.mask)] : nullptr;
    memory.spaces.push_back(buildRows(static_cast<int32_t>(order.size()),
                                      static_cast<int32_t>(inputs.dims.at(space.dims[1])),
                                      mask && !mask->empty() ? mask->data() : nullptr, space.keepFirst, order,
                                      static_cast<int32_t>(program->geometry().blockRows)));
  }
  std::vector<std::vector<int32_t>> rowIds(function.inputs.size());
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (function.inputs[i].mask)
      continue;
    const RowTable &table = memory.spaces[function.inputs[i].space];
    for (int32_t row = 0; row < table.rows(); ++row) {
      size_t caller = static_cast<size_t>(order[static_cast<size_t>(table.sequence[row])]);
      rowIds[i].push_back(
          inputs.ids[i][caller * static_cast<size_t>(table.length) + static_cast<size_t>(table.position[row])]);
    }
  }
  if (Status status = tables->fill(memory.spaces, rowIds); !status)
    return status;
  return reserveBuffers(function);
}

Status Session::reserveBuffers(const FunctionRecord &function) {
  std::vector<size_t> slots(function.slots, 0);
  for (const BufferRecord &buffer : function.buffers) {
    size_t pitch = program->geometry().pitch(buffer.rowWords());
    slots[buffer.slot] = std::max(slots[buffer.slot], memory.rowsOf(buffer) * pitch * sizeof(float));
  }
  std::vector<size_t> offsets;
  size_t total = 0;
  for (size_t size : slots) {
    offsets.push_back(total);
    total += alignUp(size + slack);
  }
  if (Status status = arena->reserve(total); !status)
    return Error{"no memory for a call of this size: " + status.error().message, Cause::NoMemory};
  memory.buffers.clear();
  for (const BufferRecord &buffer : function.buffers)
    memory.buffers.push_back(arena->address() + offsets[buffer.slot]);
  return {};
}

Status Session::run(const FunctionRecord &function) {
  records.build(function, *program, memory, *tables);
  std::span<const ptx_launch> list = records.launches();
  std::vector<ptx_launch_times> spent(list.size());
  if (tracing) {
    size_t workers = program->device()->workers();
    workerTimes.assign(list.size() * workers, {});
    for (size_t i = 0; i < list.size(); ++i)
      spent[i].workers = &workerTimes[i * workers];
  }
  queue->expect(list);
  if (queue->isSynchronous()) {
    if (Status status = runSteps(function, spent); !status)
      return status;
  } else {
    if (wantsToStop()) {
      return Error{"the call was cancelled before it began", Cause::Cancelled};
    }
    if (Status status = queue->launch(list.data(), list.size(), spent.data()); !status)
      return status;
    if (Status status = queue->synchronise(); !status)
      return status;
  }
  times = std::move(spent);
  return {};
}

const std::vector<ptx_launch_profile> &Session::profile() {
  launches.clear();
  for (size_t i = 0; i < times.size(); ++i) {
    ptx_launch_profile &profile = launches.emplace_back(records.profile(i));
    profile.start = times[i].start - times[0].start;
    profile.end = times[i].end - times[0].start;
    profile.tiles = times[i].tiles;
    profile.waited = times[i].waited;
  }
  return launches;
}

const std::vector<ptx_worker_profile> &Session::workerProfile() {
  workers.clear();
  for (size_t i = 0; i < times.size(); ++i)
    for (uint32_t w = 0; times[i].workers && w < program->device()->workers(); ++w)
      if (const ptx_worker_times &own = times[i].workers[w]; own.tiles)
        workers.push_back({i, w, own.tiles, own.start - times[0].start, own.end - times[0].start});
  return workers;
}

/// One launch after the other, and a look at the caller's wish between them.
Status Session::runSteps(const FunctionRecord &function, std::vector<ptx_launch_times> &spent) {
  std::span<const ptx_launch> list = records.launches();
  for (size_t i = 0; i < list.size(); ++i) {
    if (wantsToStop()) {
      return Error{"the call was cancelled in front of '" + function.launches[i].label + "'", Cause::Cancelled};
    }
    if (Status status = queue->launch(&list[i], 1, &spent[i]); !status)
      return status;
  }
  return {};
}

/// Rows go back to the caller's [B,S]; where no row is, and where one is
/// computed that the mask hides, zero.
Status Session::scatter(const FunctionRecord &function) {
  results.clear();
  resultMemory.clear();
  std::vector<float> staging;
  for (const OutputRecord &output : function.outputs) {
    const RowTable &table = memory.spaces[output.space];
    size_t width = output.width, batch = static_cast<size_t>(table.sequences),
           length = static_cast<size_t>(table.length);
    std::vector<float> &result = resultMemory.emplace_back(batch * (output.perSequence ? 1 : length) * width, 0.0f);
    size_t pitch = program->geometry().pitch(function.buffers[output.buffer].width);
    size_t count = output.perSequence ? batch : static_cast<size_t>(table.rows());
    uint64_t address = memory.buffers[output.buffer] + output.column * sizeof(float);
    const float *source = reinterpret_cast<const float *>(address);
    if (!program->device()->hostMemory()) {
      staging.resize(count * width);
      if (Status status =
              program->device()->download(staging.data(), address, width * sizeof(float), pitch * sizeof(float), count);
          !status)
        return status;
      source = staging.data();
      pitch = width;
    }
    for (size_t i = 0; i < count; ++i) {
      size_t sequence = output.perSequence ? i : static_cast<size_t>(table.sequence[i]);
      if (!output.perSequence && table.isHidden(static_cast<int32_t>(i)))
        continue;
      size_t caller = static_cast<size_t>(table.order[sequence]);
      size_t row = output.perSequence ? caller : caller * length + static_cast<size_t>(table.position[i]);
      std::memcpy(result.data() + row * width, source + i * pitch, width * sizeof(float));
    }
    ptx_tensor tensor = {
        output.name.c_str(), PTX_F32, output.perSequence ? 2u : 3u, {batch, length, width}, result.data()};
    if (output.perSequence)
      tensor.dims[1] = width;
    results.push_back(tensor);
  }
  return {};
}

} // namespace ptx
