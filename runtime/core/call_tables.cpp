#include "runtime/core/call_tables.h"

namespace ptx {

void CallTables::append(const std::vector<int32_t> &values) {
  constexpr size_t line = 16; // arrays start on cache lines
  staging.resize((staging.size() + line - 1) / line * line);
  extents.push_back({staging.size(), values.size()});
  staging.insert(staging.end(), values.begin(), values.end());
}

Status CallTables::fill(const std::vector<RowTable> &spaces, const std::vector<std::vector<int32_t>> &rowIds) {
  staging.clear();
  extents.clear();
  for (const RowTable &table : spaces) {
    // In the order of RowField.
    for (const std::vector<int32_t> *values :
         {&table.position, &table.sequence, &table.begin, &table.keys, &table.blocks, &table.first, &table.cells,
          &table.chunks, &table.chunkBegin})
      append(*values);
  }
  firstIds = extents.size();
  for (const std::vector<int32_t> &ids : rowIds)
    append(ids);
  if (device->hostMemory()) {
    base = reinterpret_cast<uint64_t>(staging.data());
    return {};
  }
  size_t bytes = staging.size() * sizeof(int32_t);
  if (Status status = memory.reserve(bytes); !status)
    return status;
  base = memory.address();
  return device->upload(base, staging.data(), bytes);
}

} // namespace ptx
