// A launch as one grid of thread blocks over a table of problems: what devices
// that run GPU kernels share. The kernels' side is passes/Target/CUDA/Entry.cpp.
#ifndef PTX_RUNTIME_DEVICE_GRID_H
#define PTX_RUNTIME_DEVICE_GRID_H

#include "runtime/device/device.h"
#include "runtime/io/result.h"

#include <span>
#include <string>
#include <vector>

namespace ptx {

/// The words in front of a problem's own, 64 bits each.
enum GridWord : uint32_t {
  gridFirstTile,   // the number of the block that has the problem's first tile
  gridMember,      // which kernel of the entry: its index among the members
  gridForm,        // 0: tiles of many rows, 1: the form for few rows
  gridBegin,       // rows or blocks of the row table [begin, end)
  gridEnd,         //
  gridColumns,     // elements, heads or 1
  gridColumnTiles, // tiles side by side
  gridHeader       // how many words these are
};

/// One launch, ready for a device: the entry's kernel takes (address of the
/// table's first word, number of problems, words per problem).
struct GridLaunch {
  size_t entry = 0;
  uint32_t blocks = 0; // 0: there is nothing to do
  uint32_t problems = 0, stride = 0;
  size_t offset = 0; // of the first word in the table
};

/// How each kernel's problems are cut: from the metadata its target wrote.
class GridRules {
public:
  struct Entry {
    std::string name;
    std::vector<uint32_t> members; // kernels, ascending by name
    uint32_t threads = 0;
    uint32_t sharedBytes = 0; // dynamic
  };

  /// Refuses metadata that is missing or out of range.
  static Result<GridRules> read(std::span<const ptx_kernel_info> kernels, std::span<const ptx_kernel_info> entries);

  const std::vector<Entry> &entries() const { return entryList; }
  /// Appends the problems of a launch to the table. An empty one has no tile:
  /// the next problem's first tile has the same number, and blocks take the last.
  Result<GridLaunch> plan(const ptx_launch &launch, std::vector<uint64_t> &table) const;

private:
  /// tile_rows x tile_columns; up to few_rows rows are taken at once with
  /// few_columns columns a tile.
  struct Tile {
    int64_t rows = 1, columns = 1, fewRows = 0, fewColumns = 1;
    uint32_t words = 0;
  };
  Result<size_t> findEntry(const ptx_launch &launch) const;

  std::vector<Tile> tiles;
  std::vector<Entry> entryList;
};

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_GRID_H
