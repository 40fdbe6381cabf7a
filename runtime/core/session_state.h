// What a session keeps between calls: for each of its rows the tokens of each
// history, and the cells of the caches where their vectors lie.
#ifndef PTX_RUNTIME_CORE_SESSION_STATE_H
#define PTX_RUNTIME_CORE_SESSION_STATE_H

#include "runtime/core/program.h"
#include "runtime/core/rows.h"

#include <span>

namespace ptx {

/// Rows are the caller's numbers; a slot is where a row lies, which changes when
/// rows are reordered. Of every history a slot has as many cells as the session
/// has tokens. Not for several threads at once.
class SessionState {
public:
  /// Of each history as many tokens as it takes, or `tokens` where that is not 0 and less.
  static Result<std::unique_ptr<SessionState>> reserve(std::shared_ptr<Program> program, uint32_t rows,
                                                       uint32_t tokens);
  ~SessionState();

  size_t rows() const { return slots.size(); }
  /// What was asked for, of each row.
  uint32_t tokens() const { return asked; }
  /// Tokens of the row in the histories that functions continue.
  Result<uint32_t> length(uint32_t row) const;
  /// Keeps the first tokens of the row, of the histories that functions continue.
  Status truncate(uint32_t row, uint32_t tokens);
  /// Row `to` becomes a copy of row `from`.
  Status fork(uint32_t from, uint32_t to);
  /// Row i becomes what row parents[i] was, for each of the first rows.
  Status reorder(std::span<const uint32_t> parents);

  //===- For a call, whose rows `check` has seen --------------------------------//

  /// Refuses rows that are not there, and one that stands twice.
  Status check(std::span<const uint32_t> callRows) const;
  /// Where the rows lie in a history; a row that begins it holds nothing before.
  HeldRows held(size_t history, std::span<const uint32_t> callRows, bool begins) const;
  uint32_t capacity(size_t history) const { return capacities[history]; }
  uint32_t lengthOf(size_t history, uint32_t row) const { return lengths[history][slots[row]]; }
  void setLength(size_t history, uint32_t row, uint32_t tokens) { lengths[history][slots[row]] = tokens; }
  /// The first cell of a cache.
  uint64_t address(size_t cache) const { return caches[cache].address(); }
  /// Of a device that takes whole calls; and the slots as it numbers them.
  void *wholeSession() const { return whole; }
  uint32_t slotOf(uint32_t row) const { return slots[row]; }

private:
  explicit SessionState(std::shared_ptr<Program> program) : program(std::move(program)) {}
  Status checkRow(uint32_t row) const;
  Status copySlot(uint32_t from, uint32_t to);

  std::shared_ptr<Program> program;
  uint32_t asked = 0;
  std::vector<uint32_t> slots;                // by row
  std::vector<uint32_t> capacities;           // by history: tokens of a slot
  std::vector<bool> isContinued;              // by history: by some function
  std::vector<std::vector<uint32_t>> lengths; // by history, by slot
  std::vector<DeviceMemory> caches;
  void *whole = nullptr;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_SESSION_STATE_H
