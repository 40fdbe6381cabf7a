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
  std::unique_lock turn(busy, std::try_to_lock);
  if (!turn)
    return Error{"the session is in use by another call: one session serves one call at a time", Cause::Busy};
  return turn;
}

Status Session::bind(const std::shared_ptr<Program> &owner, std::shared_ptr<const Binding> other) {
  Result<std::unique_lock<std::mutex>> turn = claim();
  if (!turn)
    return turn.error();
  if (owner != program)
    return Error{"the binding is one of another program than the session's"};
  binding = std::move(other);
  return {};
}

/// Those that the wanted ones name, or all that are not only given on request.
Status Session::chooseOutputs(const FunctionRecord &function, std::optional<std::span<const ptx_tensor>> wanted) {
  scratch.outputs.clear();
  if (!wanted) {
    for (const OutputRecord &output : function.results())
      scratch.outputs.push_back(&output);
    return {};
  }
  for (const ptx_tensor &tensor : *wanted) {
    std::string_view name = tensor.name ? tensor.name : "";
    auto found = std::ranges::find(function.outputs, name, &OutputRecord::name);
    if (found == function.outputs.end())
      return Error{"function '" + function.name + "' has no output '" + printable(name) + "'", Cause::NotFound};
    scratch.outputs.push_back(&*found);
  }
  return {};
}

Status Session::call(std::string_view name, const ptx_tensor *inputs, size_t count,
                     const std::function<Status(std::span<const ptx_tensor>)> &use,
                     std::optional<std::span<const ptx_tensor>> wanted) {
  Result<std::unique_lock<std::mutex>> turn = claim();
  if (!turn)
    return turn.error();
  const FunctionRecord *function = program->findFunction(name);
  if (!function) {
    std::string known;
    for (const FunctionRecord &other : program->manifest().functions)
      known += (known.empty() ? "" : ", ") + other.name;
    return Error{"the program has no function '" + std::string(name) + "', it has " + known, Cause::NotFound};
  }
  if (Status status = chooseOutputs(*function, wanted); !status)
    return status;
  state = own.get();
  if (Status status = compute(*function, inputs, count); !status)
    return status;
  for (const OutputRecord *output : scratch.outputs) {
    Result<ptx_tensor> result = take(*function, *output);
    if (!result)
      return result.error();
    results.push_back(*result);
  }
  if (Status status = use(results); !status)
    return status;
  keepLengths(*function);
  return {};
}

Status Session::callClaimed(const FunctionRecord &function, const ptx_tensor *inputs, size_t count,
                            SessionState *rows) {
  state = rows ? rows : own.get();
  if (Status status = compute(function, inputs, count); !status)
    return status;
  keepLengths(function);
  return {};
}

Status Session::compute(const FunctionRecord &function, const ptx_tensor *inputs, size_t count) {
  results.clear();
  times.clear();
  if (Status status = checkInputs(*program, function, inputs, count, scratch.inputs); !status)
    return status;
  if (Status status = chooseRows(function); !status)
    return status;
  if (program->wholeDevice())
    return callWhole(function, inputs, count);
  if (Status status = prepare(function); !status)
    return status;
  dropRowsBegun(function);
  return run(function);
}

//===- Rows of the session ---------------------------------------------------===//

Status Session::reserve(uint32_t rows, uint32_t tokens) {
  Result<std::unique_lock<std::mutex>> turn = claim();
  if (!turn)
    return turn.error();
  Result<std::unique_ptr<SessionState>> made = SessionState::reserve(program, rows, tokens);
  if (!made)
    return made.error();
  own = std::move(*made);
  return {};
}

Result<SessionState *> Session::rowsForGeneration(uint32_t rows, uint32_t tokens) {
  if (forGeneration && forGeneration->rows() >= rows && forGeneration->tokens() >= tokens)
    return forGeneration.get();
  if (forGeneration) {
    rows = std::max(rows, static_cast<uint32_t>(forGeneration->rows()));
    tokens = std::max(tokens, forGeneration->tokens());
    forGeneration.reset();
  }
  Result<std::unique_ptr<SessionState>> made = SessionState::reserve(program, rows, tokens);
  if (!made)
    return made.error();
  forGeneration = std::move(*made);
  return forGeneration.get();
}

Status Session::withState(const std::function<Status(SessionState &)> &use) {
  Result<std::unique_lock<std::mutex>> turn = claim();
  if (!turn)
    return turn.error();
  if (!own)
    return Error{"the session has no rows: ptx_session_reserve makes room for some"};
  return use(*own);
}

Status Session::chooseRows(const FunctionRecord &function) {
  callRows.clear();
  if (!function.hasState())
    return {};
  if (!state)
    return Error{"function '" + function.name +
                 "' keeps rows in the session, which has none: ptx_session_reserve makes room for some"};
  callRows = scratch.inputs.rows;
  if (callRows.empty()) {
    callRows.resize(scratch.inputs.dims.at("B"));
    std::iota(callRows.begin(), callRows.end(), 0u);
  }
  if (Status status = state->check(callRows); !status)
    return Error{"function '" + function.name + "': " + status.error().message};
  return {};
}

/// The rows that a call begins or continues have room, and those that it only reads hold something.
Status Session::checkRoom(const FunctionRecord &function) const {
  for (size_t i = 0; i < function.spaces.size(); ++i) {
    const SpaceRecord &space = function.spaces[i];
    const RowTable &table = memory.spaces[i];
    std::optional<size_t> history = space.history ? space.history : space.held;
    for (size_t s = 0; history && s < table.order.size(); ++s) {
      uint32_t row = callRows[static_cast<size_t>(table.order[s])], room = state->capacity(*history);
      uint32_t past = space.continues ? state->lengthOf(*history, row) : 0;
      auto keys = static_cast<uint32_t>(table.keys[s]);
      if (space.history && (past > room || keys > room - past))
        return Error{"function '" + function.name + "': row " + std::to_string(row) + " holds " + std::to_string(past) +
                     " tokens, " + std::to_string(keys) + " more are more than the " + std::to_string(room) +
                     " that the session has room for"};
      if (keys == 0)
        return Error{"function '" + function.name + "': row " + std::to_string(row) +
                     (space.history ? " is given no token"
                                    : " holds nothing of '" + program->manifest().histories[*history].name +
                                          "', which another function begins")};
    }
  }
  return {};
}

/// A call that fails leaves rows that it begins empty.
void Session::dropRowsBegun(const FunctionRecord &function) {
  for (const SpaceRecord &space : function.spaces)
    if (space.history && !space.continues)
      state->begin(*space.history, callRows);
}

/// Once the caller has its results.
void Session::keepLengths(const FunctionRecord &function) {
  for (size_t i = 0; i < function.spaces.size(); ++i)
    if (const SpaceRecord &space = function.spaces[i]; space.history)
      for (size_t s = 0; s < memory.spaces[i].order.size(); ++s) {
        uint32_t row = callRows[static_cast<size_t>(memory.spaces[i].order[s])];
        uint32_t past = space.continues ? state->lengthOf(*space.history, row) : 0;
        state->setLength(*space.history, row, past + static_cast<uint32_t>(memory.spaces[i].keys[s]));
      }
}

Status Session::callWhole(const FunctionRecord &function, const ptx_tensor *tensors, size_t count) {
  int32_t adapter =
      binding->adapter ? static_cast<int32_t>(binding->adapter - program->manifest().adapters.data()) : -1;
  scratch.order.resize(scratch.inputs.dims.at("B"));
  std::iota(scratch.order.begin(), scratch.order.end(), 0);
  if (Status status = buildTables(function); !status)
    return status;
  WholeRows rows;
  if (function.hasState()) {
    rows.session = state->wholeSession();
    for (uint32_t row : callRows)
      rows.slots.push_back(state->slotOf(row));
    for (size_t history = 0; history < program->manifest().histories.size(); ++history)
      for (uint32_t row : callRows)
        rows.lengths.push_back(state->lengthOf(history, row));
  }
  dropRowsBegun(function);
  return program->wholeDevice()->call(function, adapter, tensors, count, rows, resultMemory, wholeResults);
}

/// Orders the sequences so that equal adapters stand together.
Status Session::groupByAdapter() {
  const std::vector<int32_t> &adapters = scratch.inputs.adapters;
  std::vector<int32_t> &order = scratch.order;
  order.resize(scratch.inputs.dims.at("B"));
  std::iota(order.begin(), order.end(), 0);
  auto adapterOf = [&](int32_t sequence) { return adapters[static_cast<size_t>(sequence)]; };
  auto batch = static_cast<int32_t>(order.size());
  memory.groups.clear();
  if (adapters.empty()) {
    memory.groups.push_back({0, batch, binding});
    return {};
  }
  std::ranges::sort(order, {}, [&](int32_t sequence) { return std::pair(adapterOf(sequence), sequence); });
  for (int32_t i = 0; i < batch; ++i) {
    int32_t id = adapterOf(order[static_cast<size_t>(i)]);
    if (i > 0 && id == adapterOf(order[static_cast<size_t>(i - 1)])) {
      memory.groups.back().end = i + 1;
      continue;
    }
    const AdapterRecord *adapter = id < 0 ? nullptr : &program->manifest().adapters[static_cast<size_t>(id)];
    Result<std::shared_ptr<const Binding>> bound = program->bind(adapter, /*keep=*/true);
    if (!bound)
      return bound.error();
    memory.groups.push_back({i, i + 1, *bound});
  }
  return {};
}

/// The row tables of a call. Sequences stand in the order chosen.
Status Session::buildTables(const FunctionRecord &function) {
  const CallInputs &inputs = scratch.inputs;
  const std::vector<int32_t> &order = scratch.order;
  memory.spaces.resize(function.spaces.size());
  scratch.rows.clear();
  if (!callRows.empty())
    for (int32_t caller : order)
      scratch.rows.push_back(callRows[static_cast<size_t>(caller)]);
  scratch.added.assign(program->manifest().histories.size(), nullptr);
  for (size_t i = 0; i < function.spaces.size(); ++i) {
    const SpaceRecord &space = function.spaces[i];
    if (space.held)
      continue;
    const std::vector<uint8_t> *mask = space.mask >= 0 ? &inputs.masks[static_cast<size_t>(space.mask)] : nullptr;
    if (space.history)
      state->held(*space.history, scratch.rows, !space.continues, scratch.held);
    buildRows(memory.spaces[i], static_cast<int32_t>(order.size()), static_cast<int32_t>(inputs.dims.at(space.dims[1])),
              mask && !mask->empty() ? mask->data() : nullptr, space.keepFirst, order,
              static_cast<int32_t>(program->blockRows()), space.history ? &scratch.held : nullptr);
    if (space.history)
      scratch.added[*space.history] = &memory.spaces[i].keys;
  }
  for (size_t i = 0; i < function.spaces.size(); ++i)
    if (std::optional<size_t> history = function.spaces[i].held) {
      // Of a history that is begun nothing is left from before.
      bool begins = std::any_of(function.spaces.begin(), function.spaces.end(),
                                [&](const SpaceRecord &space) { return space.history == history && !space.continues; });
      state->held(*history, scratch.rows, begins, scratch.held);
      buildHeld(memory.spaces[i], scratch.held, scratch.added[*history], order, function.spaces[i].chunk);
    }
  return checkRoom(function);
}

Status Session::prepare(const FunctionRecord &function) {
  if (Status status = groupByAdapter(); !status)
    return status;
  if (Status status = buildTables(function); !status)
    return status;
  scratch.ids.resize(function.inputs.size());
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    scratch.ids[i].clear();
    if (function.inputs[i].mask)
      continue;
    const RowTable &table = memory.spaces[function.inputs[i].space];
    for (int32_t row = 0; row < table.rows(); ++row) {
      size_t caller = static_cast<size_t>(scratch.order[static_cast<size_t>(table.sequence[row])]);
      scratch.ids[i].push_back(
          scratch.inputs.ids[i][caller * static_cast<size_t>(table.length) + static_cast<size_t>(table.column[row])]);
    }
  }
  if (Status status = tables->fill(memory.spaces, scratch.ids); !status)
    return status;
  return reserveBuffers(function);
}

Status Session::reserveBuffers(const FunctionRecord &function) {
  std::vector<size_t> &slots = scratch.slots, &offsets = scratch.offsets;
  slots.assign(function.slots, 0);
  offsets.clear();
  for (const BufferRecord &buffer : function.buffers) {
    if (buffer.cache)
      continue;
    size_t pitch = program->geometry().pitch(buffer.rowWords());
    slots[buffer.slot] = std::max(slots[buffer.slot], memory.rowsOf(buffer) * pitch * sizeof(float));
  }
  size_t total = 0;
  for (size_t size : slots) {
    offsets.push_back(total);
    total += alignUp(size + slack);
  }
  if (Status status = arena->reserve(total); !status)
    return Error{"no memory for a call of this size: " + status.error().message, Cause::NoMemory};
  memory.buffers.clear();
  for (const BufferRecord &buffer : function.buffers)
    memory.buffers.push_back(buffer.cache ? state->address(*buffer.cache) : arena->address() + offsets[buffer.slot]);
  return {};
}

Status Session::run(const FunctionRecord &function) {
  records.build(function, *program, memory, *tables);
  std::span<const ptx_launch> list = records.launches();
  times.assign(list.size(), {});
  if (tracing) {
    size_t workers = program->device()->workers();
    workerTimes.assign(list.size() * workers, {});
    for (size_t i = 0; i < list.size(); ++i)
      times[i].workers = &workerTimes[i * workers];
  }
  queue->expect(list);
  Status status = queue->isSynchronous() ? runSteps(function) : runAtOnce();
  if (!status)
    times.clear();
  return status;
}

Status Session::runAtOnce() {
  std::span<const ptx_launch> list = records.launches();
  if (wantsToStop())
    return Error{"the call was cancelled before it began", Cause::Cancelled};
  if (Status status = queue->launch(list.data(), list.size(), times.data()); !status)
    return status;
  return queue->synchronise();
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
Status Session::runSteps(const FunctionRecord &function) {
  std::span<const ptx_launch> list = records.launches();
  for (size_t i = 0; i < list.size(); ++i) {
    if (wantsToStop()) {
      return Error{"the call was cancelled in front of '" + function.launches[i].label + "'", Cause::Cancelled};
    }
    if (Status status = queue->launch(&list[i], 1, &times[i]); !status)
      return status;
  }
  return {};
}

Result<ptx_tensor> Session::take(const FunctionRecord &function, const OutputRecord &output) {
  auto index = static_cast<size_t>(&output - function.outputs.data());
  if (program->wholeDevice())
    return wholeResults[index];
  resultMemory.resize(std::max(resultMemory.size(), function.outputs.size()));
  std::vector<std::byte> &bytes = resultMemory[index];
  if (Status status = bring(output, function.buffers[output.buffer], bytes); !status)
    return status.error();
  const RowTable &table = memory.spaces[output.space];
  auto batch = static_cast<uint64_t>(table.sequences), length = static_cast<uint64_t>(table.length);
  if (output.element == DType::I32)
    return ptx_tensor{output.name.c_str(), PTX_I32, 1, {batch, 0, 0}, bytes.data()};
  if (output.perSequence)
    return ptx_tensor{output.name.c_str(), PTX_F32, 2, {batch, output.width, 0}, bytes.data()};
  return ptx_tensor{output.name.c_str(), PTX_F32, 3, {batch, length, output.width}, bytes.data()};
}

/// Rows go back to the caller's [B,S]; where no row is, and where one is
/// computed that the mask hides, zero.
Status Session::bring(const OutputRecord &output, const BufferRecord &buffer, std::vector<std::byte> &result) {
  const RowTable &table = memory.spaces[output.space];
  constexpr size_t wordBytes = sizeof(float); // of i32 too
  auto batch = static_cast<size_t>(table.sequences), length = static_cast<size_t>(table.length);
  size_t width = output.width * wordBytes, pitch = program->geometry().pitch(buffer.width) * wordBytes;
  size_t count = output.perSequence ? batch : static_cast<size_t>(table.rows());
  uint64_t address = memory.buffers[output.buffer] + output.column * wordBytes;
  auto source = reinterpret_cast<const std::byte *>(address);
  if (!program->device()->hostMemory()) {
    staging.resize(count * width);
    if (Status status = program->device()->download(staging.data(), address, width, pitch, count); !status)
      return status;
    source = staging.data();
    pitch = width;
  }
  result.resize(batch * (output.perSequence ? 1 : length) * width);
  if (!output.perSequence)
    std::ranges::fill(result, std::byte{0});
  for (size_t i = 0; i < count; ++i) {
    size_t sequence = output.perSequence ? i : static_cast<size_t>(table.sequence[i]);
    if (!output.perSequence && table.isHidden(static_cast<int32_t>(i)))
      continue;
    auto caller = static_cast<size_t>(table.order[sequence]);
    size_t row = output.perSequence ? caller : caller * length + static_cast<size_t>(table.column[i]);
    std::memcpy(result.data() + row * width, source + i * pitch, width);
  }
  return {};
}

} // namespace ptx
