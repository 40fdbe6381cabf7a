#include "runtime/device/grid.h"

#include "runtime/device/guarded.h"

#include <algorithm>

namespace ptx {

namespace {
constexpr int64_t tileCap = 1 << 16, threadCap = 1024, sharedCap = 1 << 20;
constexpr uint64_t blockCap = (1ull << 31) - 1; // of the first dimension of a grid
} // namespace

Result<GridRules> GridRules::read(std::span<const ptx_kernel_info> kernels, std::span<const ptx_kernel_info> entries) {
  GridRules rules;
  for (const ptx_kernel_info &kernel : kernels) {
    Tile tile = {metadataOf(kernel, "tile_rows", 0), metadataOf(kernel, "tile_columns", 0),
                 metadataOf(kernel, "few_rows", 0), metadataOf(kernel, "few_columns", 1), kernel.word_count};
    for (int64_t size : {tile.rows, tile.columns, tile.fewColumns})
      if (size < 1 || size > tileCap)
        return Error{std::string("kernel '") + kernel.name + "': its tiles are not stated"};
    rules.tiles.push_back(tile);
  }
  for (const ptx_kernel_info &info : entries) {
    int64_t threads = metadataOf(info, "threads", 0), shared = metadataOf(info, "shared", 0);
    if (threads < 1 || threads > threadCap || shared < 0 || shared > sharedCap || info.member_count == 0)
      return Error{std::string("entry '") + info.name + "': its threads are not stated"};
    Entry entry = {info.name,
                   {info.members, info.members + info.member_count},
                   static_cast<uint32_t>(threads),
                   static_cast<uint32_t>(shared)};
    for (uint32_t member : entry.members)
      if (member >= kernels.size())
        return Error{std::string("entry '") + info.name + "': names a kernel that is not there"};
    rules.entryList.push_back(std::move(entry));
  }
  return rules;
}

/// The entry for the kernels of a launch: the least one that has them all, for
/// a guard or an empty range may have left some out.
Result<size_t> GridRules::findEntry(const ptx_launch &launch) const {
  size_t best = entryList.size();
  for (size_t i = 0; i < entryList.size(); ++i) {
    const std::vector<uint32_t> &members = entryList[i].members;
    bool has = true;
    for (size_t p = 0; p < launch.problem_count && has; ++p)
      has = std::find(members.begin(), members.end(), launch.problems[p].kernel) != members.end();
    if (has && (best == entryList.size() || members.size() < entryList[best].members.size()))
      best = i;
  }
  if (best == entryList.size())
    return Error{std::string("launch '") + launch.label + "': no entry has its kernels"};
  return best;
}

Result<GridLaunch> GridRules::plan(const ptx_launch &launch, std::vector<uint64_t> &table) const {
  GridLaunch made;
  made.offset = table.size();
  if (launch.problem_count == 0)
    return made;
  Result<size_t> entry = findEntry(launch);
  if (!entry)
    return entry.error();
  made.entry = *entry;
  made.problems = static_cast<uint32_t>(launch.problem_count);
  for (size_t p = 0; p < launch.problem_count; ++p)
    made.stride = std::max(made.stride, gridHeader + tiles[launch.problems[p].kernel].words);
  table.resize(made.offset + size_t{made.problems} * made.stride, 0);
  const std::vector<uint32_t> &members = entryList[*entry].members;
  uint64_t blocks = 0;
  for (size_t p = 0; p < launch.problem_count; ++p) {
    const ptx_problem &problem = launch.problems[p];
    const Tile &tile = tiles[problem.kernel];
    int64_t rows = problem.end - problem.begin;
    bool few = rows <= tile.fewRows;
    auto ceilDiv = [](int64_t size, int64_t by) { return (size + by - 1) / by; };
    int64_t rowTiles = rows <= 0 ? 0 : few ? 1 : ceilDiv(rows, tile.rows);
    int64_t columnTiles = ceilDiv(problem.columns, few ? tile.fewColumns : tile.columns);
    uint64_t *words = table.data() + made.offset + p * made.stride;
    words[gridFirstTile] = blocks;
    words[gridMember] =
        static_cast<uint64_t>(std::find(members.begin(), members.end(), problem.kernel) - members.begin());
    words[gridForm] = few;
    words[gridBegin] = static_cast<uint64_t>(problem.begin);
    words[gridEnd] = static_cast<uint64_t>(problem.end);
    words[gridColumns] = static_cast<uint64_t>(problem.columns);
    words[gridColumnTiles] = static_cast<uint64_t>(columnTiles);
    std::copy_n(problem.words, tile.words, words + gridHeader);
    blocks += static_cast<uint64_t>(rowTiles) * static_cast<uint64_t>(columnTiles);
    if (blocks > blockCap)
      return Error{std::string("launch '") + launch.label + "': needs more than 2^31-1 thread blocks"};
  }
  made.blocks = static_cast<uint32_t>(blocks);
  return made;
}

} // namespace ptx
