#include "runtime/core/session_state.h"

#include "runtime/io/checked.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace ptx {

namespace {
constexpr size_t slack = 256; // kernels read whole vectors

std::string tokensText(uint64_t tokens) { return std::to_string(tokens) + (tokens == 1 ? " token" : " tokens"); }
} // namespace

Result<std::unique_ptr<SessionState>> SessionState::reserve(std::shared_ptr<Program> program, uint32_t rows,
                                                            uint32_t tokens) {
  const Manifest &manifest = program->manifest();
  if (manifest.histories.empty())
    return Error{"the program keeps nothing between calls: none of its functions begins or continues rows"};
  if (rows == 0)
    return Error{"a session has at least one row, found 0"};
  std::unique_ptr<SessionState> state(new SessionState(std::move(program)));
  state->asked = tokens;
  uint64_t most = std::ranges::max(manifest.histories, {}, &HistoryRecord::maxLength).maxLength;
  if (tokens > most)
    return Error{"rows of " + tokensText(tokens) + " are asked for, the model takes " + std::to_string(most)};
  for (const HistoryRecord &record : manifest.histories) {
    History &history = state->histories.emplace_back();
    history.capacity = static_cast<uint32_t>(tokens ? std::min<uint64_t>(tokens, record.maxLength) : record.maxLength);
    if (static_cast<uint64_t>(rows) * history.capacity > INT32_MAX)
      return Error{std::to_string(rows) + " rows of " + tokensText(history.capacity) + " are more than 2^31-1 cells"};
    history.slots.resize(rows);
    std::iota(history.slots.begin(), history.slots.end(), 0u);
    history.lengths.resize(rows);
  }
  for (const FunctionRecord &function : manifest.functions)
    for (const SpaceRecord &space : function.spaces)
      if (space.history && space.continues)
        state->histories[*space.history].isContinued = true;
  for (History &history : state->histories)
    history.isShared = !history.isContinued && !state->program->wholeDevice();
  if (WholeDevice *device = state->program->wholeDevice()) {
    Result<void *> opened = device->openSession();
    if (!opened)
      return opened.error();
    state->whole = *opened;
    return state;
  }
  for (const CacheRecord &cache : manifest.caches) {
    uint64_t cells = static_cast<uint64_t>(rows) * state->histories[cache.history].capacity;
    uint64_t pitch = state->program->geometry().pitch(cache.rowWords()) * sizeof(float);
    std::optional<uint64_t> bytes = checkedMul(cells, pitch);
    if (!bytes || *bytes > (1ull << 46))
      return Error{"no memory for " + std::to_string(cells) + " cells of cache '" + cache.name + "'", Cause::NoMemory};
    Result<DeviceMemory> memory = DeviceMemory::allocate(state->program->device(), *bytes + slack);
    if (!memory)
      return Error{"no memory for " + std::to_string(rows) + " rows of " +
                       tokensText(state->histories[cache.history].capacity) + ": " + memory.error().message,
                   Cause::NoMemory};
    state->caches.push_back(std::move(*memory));
  }
  return state;
}

SessionState::~SessionState() {
  if (whole)
    program->wholeDevice()->closeSession(whole);
}

Status SessionState::checkRow(uint32_t row) const {
  if (row < rows())
    return {};
  return Error{"row " + std::to_string(row) + " is asked for, the session has " + std::to_string(rows())};
}

Result<uint32_t> SessionState::length(uint32_t row) const {
  if (Status status = checkRow(row); !status)
    return status.error();
  for (size_t history = 0; history < histories.size(); ++history)
    if (histories[history].isContinued)
      return lengthOf(history, row);
  return lengthOf(0, row);
}

Status SessionState::truncate(uint32_t row, uint32_t tokens) {
  Result<uint32_t> held = length(row);
  if (!held)
    return held.error();
  if (tokens > *held)
    return Error{"row " + std::to_string(row) + " holds " + tokensText(*held) + ", it cannot keep " +
                 std::to_string(tokens)};
  for (size_t history = 0; history < histories.size(); ++history)
    if (histories[history].isContinued)
      setLength(history, row, std::min(tokens, lengthOf(history, row)));
  return {};
}

Status SessionState::copySlot(size_t history, uint32_t from, uint32_t to) {
  std::vector<uint32_t> &lengths = histories[history].lengths;
  lengths[to] = 0;           // whatever becomes of the copy
  if (whole && history == 0) // which copies all histories
    if (Status status = program->wholeDevice()->copySession(whole, from, to); !status)
      return status;
  for (size_t i = 0; i < caches.size(); ++i) {
    const CacheRecord &cache = program->manifest().caches[i];
    if (cache.history == history)
      if (Status status = copyCells(cache, caches[i].address(), from, to); !status)
        return status;
  }
  lengths[to] = lengths[from];
  return {};
}

Status SessionState::copyCells(const CacheRecord &cache, uint64_t base, uint32_t from, uint32_t to) const {
  const History &history = histories[cache.history];
  uint64_t pitch = program->geometry().pitch(cache.rowWords()) * sizeof(float), slotBytes = pitch * history.capacity;
  uint64_t source = base + from * slotBytes, target = base + to * slotBytes;
  uint32_t tokens = history.lengths[from];
  const Device &device = *program->device();
  if (device.hostMemory()) {
    std::memcpy(reinterpret_cast<void *>(target), reinterpret_cast<const void *>(source), pitch * tokens);
    return {};
  }
  // Only what kernels wrote of a row may be read back.
  uint64_t width = cache.rowWords() * sizeof(float);
  std::vector<char> staging(tokens * width);
  if (Status status = tokens ? device.download(staging.data(), source, width, pitch, tokens) : Status(); !status)
    return status;
  for (uint32_t token = 0; token < tokens; ++token)
    if (Status status = device.upload(target + token * pitch, staging.data() + token * width, width); !status)
      return status;
  return {};
}

Status SessionState::fork(uint32_t from, uint32_t to) {
  for (uint32_t row : {from, to})
    if (Status status = checkRow(row); !status)
      return status;
  if (from == to)
    return {};
  for (size_t i = 0; i < histories.size(); ++i) {
    std::vector<uint32_t> &slots = histories[i].slots;
    if (histories[i].isShared)
      slots[to] = slots[from];
    else if (Status status = copySlot(i, slots[from], slots[to]); !status)
      return status;
  }
  return {};
}

Status SessionState::reorder(std::span<const uint32_t> parents) {
  if (parents.size() > rows())
    return Error{std::to_string(parents.size()) + " rows are reordered, the session has " + std::to_string(rows())};
  for (uint32_t parent : parents)
    if (parent >= parents.size())
      return Error{"row " + std::to_string(parent) + " is none of the " + std::to_string(parents.size()) +
                   " that are reordered"};
  bool isSame = true;
  for (size_t i = 0; i < parents.size(); ++i)
    isSame &= parents[i] == i;
  for (size_t i = 0; !isSame && i < histories.size(); ++i)
    if (Status status = reorder(i, parents); !status)
      return status;
  return {};
}

/// Only what stands twice is copied, and not where rows share it.
Status SessionState::reorder(size_t history, std::span<const uint32_t> parents) {
  std::vector<uint32_t> &slots = histories[history].slots, chosen(parents.size()), free;
  std::vector<bool> isTaken(parents.size());
  for (size_t i = 0; i < parents.size(); ++i)
    chosen[i] = slots[parents[i]];
  if (!histories[history].isShared) {
    for (uint32_t parent : parents)
      isTaken[parent] = true;
    for (size_t i = 0; i < parents.size(); ++i)
      if (!isTaken[i])
        free.push_back(slots[i]);
    for (size_t i = 0; i < parents.size(); ++i) {
      if (isTaken[parents[i]]) { // the first child stays where its parent lay
        isTaken[parents[i]] = false;
        continue;
      }
      uint32_t copy = free.back();
      free.pop_back();
      if (Status status = copySlot(history, chosen[i], copy); !status)
        return status;
      chosen[i] = copy;
    }
  }
  std::ranges::copy(chosen, slots.begin());
  return {};
}

Status SessionState::check(std::span<const uint32_t> callRows) {
  lastCall.resize(rows());
  ++calls;
  for (uint32_t row : callRows) {
    if (Status status = checkRow(row); !status)
      return status;
    if (std::exchange(lastCall[row], calls) == calls)
      return Error{"row " + std::to_string(row) + " stands twice in one call"};
  }
  return {};
}

/// Slots that no other row has: a row's own where it can stay, else one that is free.
std::vector<uint32_t> SessionState::slotsToBegin(size_t history, std::span<const uint32_t> callRows) const {
  const std::vector<uint32_t> &slots = histories[history].slots;
  std::vector<uint32_t> chosen;
  for (uint32_t row : callRows)
    chosen.push_back(slots[row]);
  if (!histories[history].isShared)
    return chosen;
  std::vector<bool> begins(slots.size()), isUsed(slots.size());
  for (uint32_t row : callRows)
    begins[row] = true;
  for (size_t row = 0; row < slots.size(); ++row)
    if (!begins[row])
      isUsed[slots[row]] = true;
  // By their numbers: the order of a call's rows is not that of its tables.
  std::vector<size_t> order(callRows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return callRows[i]; });
  for (size_t i : order) {
    if (isUsed[chosen[i]])
      chosen[i] = static_cast<uint32_t>(std::ranges::find(isUsed, false) - isUsed.begin());
    isUsed[chosen[i]] = true;
  }
  return chosen;
}

void SessionState::begin(size_t history, std::span<const uint32_t> callRows) {
  std::vector<uint32_t> chosen = slotsToBegin(history, callRows);
  for (size_t i = 0; i < callRows.size(); ++i) {
    histories[history].slots[callRows[i]] = chosen[i];
    setLength(history, callRows[i], 0);
  }
}

void SessionState::held(size_t history, std::span<const uint32_t> callRows, bool begins, HeldRows &rows) const {
  std::vector<uint32_t> chosen;
  if (begins)
    chosen = slotsToBegin(history, callRows);
  rows.firstCell.clear();
  rows.past.clear();
  for (size_t i = 0; i < callRows.size(); ++i) {
    uint32_t slot = begins ? chosen[i] : histories[history].slots[callRows[i]];
    rows.firstCell.push_back(static_cast<int32_t>(slot * histories[history].capacity));
    rows.past.push_back(begins ? 0 : static_cast<int32_t>(lengthOf(history, callRows[i])));
  }
}

} // namespace ptx
