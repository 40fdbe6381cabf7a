#include "runtime/core/session_state.h"

#include "runtime/io/checked.h"

#include <algorithm>
#include <cstring>
#include <numeric>

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
  state->slots.resize(rows);
  std::iota(state->slots.begin(), state->slots.end(), 0u);
  uint64_t most = std::ranges::max(manifest.histories, {}, &HistoryRecord::maxLength).maxLength;
  if (tokens > most)
    return Error{"rows of " + tokensText(tokens) + " are asked for, the model takes " + std::to_string(most)};
  for (const HistoryRecord &history : manifest.histories) {
    state->capacities.push_back(
        static_cast<uint32_t>(tokens ? std::min<uint64_t>(tokens, history.maxLength) : history.maxLength));
    if (static_cast<uint64_t>(rows) * state->capacities.back() > INT32_MAX)
      return Error{std::to_string(rows) + " rows of " + tokensText(state->capacities.back()) +
                   " are more than 2^31-1 cells"};
    state->lengths.emplace_back(rows, 0u);
  }
  state->isContinued.resize(manifest.histories.size());
  for (const FunctionRecord &function : manifest.functions)
    for (const SpaceRecord &space : function.spaces)
      if (space.history && space.continues)
        state->isContinued[*space.history] = true;
  if (WholeDevice *device = state->program->wholeDevice()) {
    Result<void *> opened = device->openSession();
    if (!opened)
      return opened.error();
    state->whole = *opened;
    return state;
  }
  for (const CacheRecord &cache : manifest.caches) {
    uint64_t cells = static_cast<uint64_t>(rows) * state->capacities[cache.history];
    uint64_t pitch = state->program->geometry().pitch(cache.rowWords()) * sizeof(float);
    std::optional<uint64_t> bytes = checkedMul(cells, pitch);
    if (!bytes || *bytes > (1ull << 46))
      return Error{"no memory for " + std::to_string(cells) + " cells of cache '" + cache.name + "'", Cause::NoMemory};
    Result<DeviceMemory> memory = DeviceMemory::allocate(state->program->device(), *bytes + slack);
    if (!memory)
      return Error{"no memory for " + std::to_string(rows) + " rows of " +
                       tokensText(state->capacities[cache.history]) + ": " + memory.error().message,
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
  if (row < slots.size())
    return {};
  return Error{"row " + std::to_string(row) + " is asked for, the session has " + std::to_string(slots.size())};
}

Result<uint32_t> SessionState::length(uint32_t row) const {
  if (Status status = checkRow(row); !status)
    return status.error();
  for (size_t history = 0; history < lengths.size(); ++history)
    if (isContinued[history])
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
  for (size_t history = 0; history < lengths.size(); ++history)
    if (isContinued[history])
      setLength(history, row, std::min(tokens, lengthOf(history, row)));
  return {};
}

Status SessionState::copySlot(uint32_t from, uint32_t to) {
  for (std::vector<uint32_t> &own : lengths)
    own[to] = 0; // whatever becomes of the copy
  if (whole) {
    if (Status status = program->wholeDevice()->copySession(whole, from, to); !status)
      return status;
  }
  for (size_t i = 0; i < caches.size(); ++i) {
    const CacheRecord &cache = program->manifest().caches[i];
    uint64_t pitch = program->geometry().pitch(cache.rowWords()) * sizeof(float);
    uint64_t slotBytes = pitch * capacities[cache.history], bytes = pitch * lengths[cache.history][from];
    uint64_t source = caches[i].address() + from * slotBytes, target = caches[i].address() + to * slotBytes;
    const Device &device = *program->device();
    if (bytes == 0)
      continue;
    if (device.hostMemory()) {
      std::memcpy(reinterpret_cast<void *>(target), reinterpret_cast<const void *>(source), bytes);
      continue;
    }
    // Only what kernels wrote of a row may be read back.
    uint64_t width = cache.rowWords() * sizeof(float);
    std::vector<char> staging(lengths[cache.history][from] * width);
    if (Status status = device.download(staging.data(), source, width, pitch, lengths[cache.history][from]); !status)
      return status;
    for (uint32_t token = 0; token < lengths[cache.history][from]; ++token)
      if (Status status = device.upload(target + token * pitch, staging.data() + token * width, width); !status)
        return status;
  }
  for (std::vector<uint32_t> &own : lengths)
    own[to] = own[from];
  return {};
}

Status SessionState::fork(uint32_t from, uint32_t to) {
  for (uint32_t row : {from, to})
    if (Status status = checkRow(row); !status)
      return status;
  return from == to ? Status() : copySlot(slots[from], slots[to]);
}

Status SessionState::reorder(std::span<const uint32_t> parents) {
  if (parents.size() > slots.size())
    return Error{std::to_string(parents.size()) + " rows are reordered, the session has " +
                 std::to_string(slots.size())};
  for (uint32_t parent : parents)
    if (parent >= parents.size())
      return Error{"row " + std::to_string(parent) + " is none of the " + std::to_string(parents.size()) +
                   " that are reordered"};
  constexpr uint32_t none = UINT32_MAX;
  std::vector<uint32_t> chosen(parents.size(), none);
  std::vector<bool> isTaken(parents.size());
  for (size_t i = 0; i < parents.size(); ++i)
    if (!isTaken[parents[i]]) {
      chosen[i] = slots[parents[i]];
      isTaken[parents[i]] = true;
    }
  std::vector<uint32_t> free;
  for (size_t i = 0; i < parents.size(); ++i)
    if (!isTaken[i])
      free.push_back(slots[i]);
  for (size_t i = 0; i < parents.size(); ++i) {
    if (chosen[i] != none)
      continue;
    chosen[i] = free.back();
    free.pop_back();
    if (Status status = copySlot(slots[parents[i]], chosen[i]); !status)
      return status;
  }
  std::copy(chosen.begin(), chosen.end(), slots.begin());
  return {};
}

Status SessionState::check(std::span<const uint32_t> callRows) const {
  std::vector<bool> seen(slots.size());
  for (uint32_t row : callRows) {
    if (Status status = checkRow(row); !status)
      return status;
    if (seen[row])
      return Error{"row " + std::to_string(row) + " stands twice in one call"};
    seen[row] = true;
  }
  return {};
}

HeldRows SessionState::held(size_t history, std::span<const uint32_t> callRows, bool begins) const {
  HeldRows rows;
  for (uint32_t row : callRows) {
    rows.firstCell.push_back(static_cast<int32_t>(slots[row] * capacities[history]));
    rows.past.push_back(begins ? 0 : static_cast<int32_t>(lengthOf(history, row)));
  }
  return rows;
}

} // namespace ptx
