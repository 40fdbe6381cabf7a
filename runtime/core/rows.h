// Row tables: which tokens of a call exist, and where.
#ifndef PTX_RUNTIME_CORE_ROWS_H
#define PTX_RUNTIME_CORE_ROWS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ptx {

/// The rows of one space in one call. Padding has no rows. Sequences stand in
/// the order of `order`, which brings equal adapters together.
struct RowTable {
  int32_t sequences = 0, length = 0;
  std::vector<int32_t> order;      // [B] the caller's index of each sequence
  std::vector<int32_t> position;   // [rows]
  std::vector<int32_t> sequence;   // [rows]
  std::vector<int32_t> begin;      // [B+1] first row of each sequence
  std::vector<int32_t> keys;       // [B] rows that attention sees
  std::vector<int32_t> first;      // [B] the row of position 0, or -1
  std::vector<int32_t> blocks;     // [n][4] sequence, begin, end, begin within its sequence
  std::vector<int32_t> blockBegin; // [B+1] first block of each sequence
  int32_t mostKeys = 0;

  int32_t rows() const { return begin.back(); }
  /// Whether a row is there though the mask hides its position.
  bool isHidden(int32_t row) const {
    size_t s = static_cast<size_t>(sequence[static_cast<size_t>(row)]);
    return row >= begin[s] + keys[s];
  }
};

/// `mask` is [B,S] of the caller, or null for all ones. With `keepFirst` the
/// row of position 0 exists even where it is masked: as the last row of its
/// sequence, and no key. Blocks have at most `blockRows` rows.
RowTable buildRows(int32_t sequences, int32_t length, const uint8_t *mask, bool keepFirst,
                   const std::vector<int32_t> &order, int32_t blockRows);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_ROWS_H
