// The integers of a call that kernels read - row tables and ids - in one block
// of the device's memory, which one upload fills.
#ifndef PTX_RUNTIME_CORE_CALL_TABLES_H
#define PTX_RUNTIME_CORE_CALL_TABLES_H

#include "runtime/core/arena.h"
#include "runtime/core/manifest.h"
#include "runtime/core/rows.h"

namespace ptx {

class CallTables {
public:
  explicit CallTables(std::shared_ptr<Device> device) : device(device), memory(std::move(device)) {}

  /// Lays out the arrays of each space and the ids of each input (empty for
  /// masks), and brings them to the device.
  Status fill(const std::vector<RowTable> &spaces, const std::vector<std::vector<int32_t>> &rowIds);

  struct Array {
    uint64_t address = 0, count = 0;
  };
  Array field(size_t space, RowField field) const { return at(space * fieldCount + static_cast<size_t>(field)); }
  Array ids(size_t input) const { return at(firstIds + input); }

private:
  static constexpr size_t fieldCount = 9;
  struct Extent {
    size_t begin, count;
  };
  Array at(size_t index) const { return {base + extents[index].begin * sizeof(int32_t), extents[index].count}; }
  void append(const std::vector<int32_t> &values);

  std::shared_ptr<Device> device;
  Arena memory; // of devices whose memory is not the host's
  std::vector<int32_t> staging;
  std::vector<Extent> extents;
  size_t firstIds = 0;
  uint64_t base = 0;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_CALL_TABLES_H
