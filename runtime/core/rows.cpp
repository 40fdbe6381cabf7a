#include "runtime/core/rows.h"

#include <algorithm>

namespace ptx {

RowTable buildRows(int32_t sequences, int32_t length, const uint8_t *mask, bool keepFirst,
                   const std::vector<int32_t> &order, int32_t blockRows) {
  RowTable table;
  table.sequences = sequences;
  table.length = length;
  table.order = order;
  table.begin.push_back(0);
  table.blockBegin.push_back(0);
  for (int32_t s = 0; s < sequences; ++s) {
    const uint8_t *visible = mask ? mask + static_cast<int64_t>(order[s]) * length : nullptr;
    int32_t begin = table.begin.back(), first = -1;
    for (int32_t p = 0; p < length; ++p) {
      if (visible && !visible[p])
        continue;
      if (p == 0)
        first = static_cast<int32_t>(table.position.size());
      table.position.push_back(p);
      table.sequence.push_back(s);
    }
    int32_t keys = static_cast<int32_t>(table.position.size()) - begin;
    if (keepFirst && first < 0) {
      first = static_cast<int32_t>(table.position.size());
      table.position.push_back(0);
      table.sequence.push_back(s);
    }
    int32_t end = static_cast<int32_t>(table.position.size());
    for (int32_t row = begin; row < end; row += blockRows)
      table.blocks.insert(table.blocks.end(), {s, row, std::min(row + blockRows, end), row - begin});
    table.begin.push_back(end);
    table.keys.push_back(keys);
    table.first.push_back(first);
    table.blockBegin.push_back(static_cast<int32_t>(table.blocks.size() / 4));
    table.mostKeys = std::max(table.mostKeys, keys);
  }
  return table;
}

} // namespace ptx
