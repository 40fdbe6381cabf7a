// What a session keeps between calls: for each of its rows the tokens of each
// history, and the cells of the caches where their vectors lie.
#ifndef PTX_RUNTIME_CORE_SESSION_STATE_H
#define PTX_RUNTIME_CORE_SESSION_STATE_H

#include "runtime/core/program.h"
#include "runtime/core/rows.h"

#include <span>

namespace ptx {

/// Rows are the caller's numbers; a slot is where a row lies in a history, which
/// changes when rows are reordered. Every history has as many slots as the session
/// has rows, and a slot as many cells as it has tokens. Rows that hold the same of
/// a history that is never continued (the source of a translation) share a slot.
/// Not for several threads at once.
class SessionState {
public:
  /// Of each history as many tokens as it takes, or `tokens` where that is not 0 and less.
  static Result<std::unique_ptr<SessionState>> reserve(std::shared_ptr<Program> program, uint32_t rows,
                                                       uint32_t tokens);
  ~SessionState();

  size_t rows() const { return histories.front().slots.size(); }
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
  Status check(std::span<const uint32_t> callRows);
  /// Where the rows lie in a history; those that begin it hold nothing before.
  void held(size_t history, std::span<const uint32_t> callRows, bool begins, HeldRows &rows) const;
  /// The rows lie where `held` says of rows that begin the history, and hold nothing.
  void begin(size_t history, std::span<const uint32_t> callRows);
  uint32_t capacity(size_t history) const { return histories[history].capacity; }
  uint32_t lengthOf(size_t history, uint32_t row) const {
    return histories[history].lengths[histories[history].slots[row]];
  }
  void setLength(size_t history, uint32_t row, uint32_t tokens) {
    histories[history].lengths[histories[history].slots[row]] = tokens;
  }
  /// The first cell of a cache.
  uint64_t address(size_t cache) const { return caches[cache].address(); }
  /// Of a device that takes whole calls; and the slots as it numbers them, the same for all histories.
  void *wholeSession() const { return whole; }
  uint32_t slotOf(uint32_t row) const { return histories.front().slots[row]; }

private:
  explicit SessionState(std::shared_ptr<Program> program) : program(std::move(program)) {}
  /// Where the rows lie in a history.
  struct History {
    uint32_t capacity;             // tokens of a slot
    bool isContinued = false;      // by some function
    bool isShared = false;         // whether rows may have a slot in common
    std::vector<uint32_t> slots;   // by row
    std::vector<uint32_t> lengths; // by slot
  };

  Status checkRow(uint32_t row) const;
  std::vector<uint32_t> slotsToBegin(size_t history, std::span<const uint32_t> callRows) const;
  Status copySlot(size_t history, uint32_t from, uint32_t to);
  Status copyCells(const CacheRecord &cache, uint64_t base, uint32_t from, uint32_t to) const;
  Status reorder(size_t history, std::span<const uint32_t> parents);

  std::shared_ptr<Program> program;
  uint32_t asked = 0;
  std::vector<History> histories;
  std::vector<uint64_t> lastCall; // that named each row
  uint64_t calls = 0;             // checked so far
  std::vector<DeviceMemory> caches;
  void *whole = nullptr;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_SESSION_STATE_H
