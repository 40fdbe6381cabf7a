// Row tables: which tokens of a call exist, and where.
#ifndef PTX_RUNTIME_CORE_ROWS_H
#define PTX_RUNTIME_CORE_ROWS_H

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace ptx {

/// Where the sequences of a call lie in a history: the first cell of each one's
/// row in the caches, and how many tokens it holds before the call. Both [B] in
/// the order of the row table.
struct HeldRows {
  std::vector<int32_t> firstCell, past;
};

/// The rows of one space in one call. Padding has no rows. Sequences stand in
/// the order of `order`, which brings equal adapters together.
struct RowTable {
  int32_t sequences = 0, length = 0;
  std::vector<int32_t> order;      // [B] the caller's index of each sequence
  std::vector<int32_t> column;     // [rows] the caller's position
  std::vector<int32_t> position;   // [rows] the same or, in a history, that in it
  std::vector<int32_t> sequence;   // [rows]
  std::vector<int32_t> begin;      // [B+1] first row of each sequence
  std::vector<int32_t> keys;       // [B] rows that attention sees
  std::vector<int32_t> first;      // [B] the row of position 0, or -1
  std::vector<int32_t> blocks;     // [n][4] sequence, begin, end, begin within its sequence or its history
  std::vector<int32_t> blockBegin; // [B+1] first block of each sequence
  std::vector<int32_t> cells;      // [rows] of a history: each row's in the caches
  std::vector<int32_t> chunks;     // [n][2] of what is held by chunks: sequence, first key
  std::vector<int32_t> chunkBegin; // [B+1] first chunk of each sequence
  int32_t mostKeys = 0;
  bool isHeld = false; // rows lie in cells, those of a sequence from `begin` on; there are `begin` and `keys` alone

  /// As new, in the memory that it has.
  void clear() {
    for (std::vector<int32_t> *list : {&order, &column, &position, &sequence, &begin, &keys, &first, &blocks,
                                       &blockBegin, &cells, &chunks, &chunkBegin})
      list->clear();
    sequences = length = mostKeys = 0;
    isHeld = false;
  }

  int32_t rows() const { return rowsBetween(0, static_cast<size_t>(sequences)); }
  /// Those of the sequences [from, to).
  int32_t rowsBetween(size_t from, size_t to) const {
    return isHeld ? std::accumulate(keys.begin() + static_cast<ptrdiff_t>(from),
                                    keys.begin() + static_cast<ptrdiff_t>(to), 0)
                  : begin[to] - begin[from];
  }
  /// Whether a row is there though the mask hides its position.
  bool isHidden(int32_t row) const {
    size_t s = static_cast<size_t>(sequence[static_cast<size_t>(row)]);
    return row >= begin[s] + keys[s];
  }
};

/// What `table` becomes. `mask` is [B,S] of the caller, or null for all ones. With `keepFirst` the
/// row of position 0 exists even where it is masked: as the last row of its
/// sequence, and no key. Blocks have at most `blockRows` rows. `held` where the
/// rows begin or continue a history, else null.
void buildRows(RowTable &table, int32_t sequences, int32_t length, const uint8_t *mask, bool keepFirst,
               const std::vector<int32_t> &order, int32_t blockRows, const HeldRows *held = nullptr);

/// What the sequences hold of a history: `more` tokens (of the space that begins or continues it; null: of none)
/// beside those before the call. `chunk`: keys of a chunk, 0: none are made.
void buildHeld(RowTable &table, const HeldRows &held, const std::vector<int32_t> *more,
               const std::vector<int32_t> &order, uint64_t chunk = 0);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_ROWS_H
