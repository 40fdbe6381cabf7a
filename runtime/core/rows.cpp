#include "runtime/core/rows.h"

#include <algorithm>

namespace ptx {

void buildRows(RowTable &table, int32_t sequences, int32_t length, const uint8_t *mask, bool keepFirst,
               const std::vector<int32_t> &order, int32_t blockRows, const HeldRows *held) {
  table.clear();
  table.sequences = sequences;
  table.length = length;
  table.order = order;
  table.begin.push_back(0);
  table.blockBegin.push_back(0);
  for (int32_t s = 0; s < sequences; ++s) {
    const uint8_t *visible = mask ? mask + static_cast<int64_t>(order[s]) * length : nullptr;
    int32_t begin = table.begin.back(), first = -1, past = held ? held->past[static_cast<size_t>(s)] : 0;
    auto add = [&](int32_t p) {
      int32_t index = past + static_cast<int32_t>(table.column.size()) - begin;
      table.column.push_back(p);
      table.position.push_back(held ? index : p);
      table.sequence.push_back(s);
      if (held)
        table.cells.push_back(held->firstCell[static_cast<size_t>(s)] + index);
    };
    for (int32_t p = 0; p < length; ++p) {
      if (visible && !visible[p])
        continue;
      if (p == 0)
        first = static_cast<int32_t>(table.position.size());
      add(p);
    }
    int32_t keys = static_cast<int32_t>(table.position.size()) - begin;
    if (keepFirst && first < 0) {
      first = static_cast<int32_t>(table.position.size());
      add(0);
    }
    int32_t end = static_cast<int32_t>(table.position.size());
    for (int32_t row = begin; row < end; row += blockRows)
      table.blocks.insert(table.blocks.end(), {s, row, std::min(row + blockRows, end), past + row - begin});
    table.begin.push_back(end);
    table.keys.push_back(keys);
    table.first.push_back(first);
    table.blockBegin.push_back(static_cast<int32_t>(table.blocks.size() / 4));
    table.mostKeys = std::max(table.mostKeys, keys);
  }
}

void buildHeld(RowTable &table, const HeldRows &held, const std::vector<int32_t> *more,
               const std::vector<int32_t> &order, uint64_t chunk) {
  table.clear();
  table.isHeld = true;
  table.sequences = static_cast<int32_t>(order.size());
  table.order = order;
  table.begin = held.firstCell;
  for (size_t s = 0; s < order.size(); ++s) {
    table.keys.push_back(held.past[s] + (more ? (*more)[s] : 0));
    table.mostKeys = std::max(table.mostKeys, table.keys.back());
  }
  table.length = table.mostKeys;
  if (!chunk)
    return;
  table.chunkBegin.push_back(0);
  for (int32_t s = 0; s < table.sequences; ++s) {
    for (int64_t key = 0; key < table.keys[static_cast<size_t>(s)]; key += static_cast<int64_t>(chunk))
      table.chunks.insert(table.chunks.end(), {s, static_cast<int32_t>(key)});
    table.chunkBegin.push_back(static_cast<int32_t>(table.chunks.size() / 2));
  }
}

} // namespace ptx
