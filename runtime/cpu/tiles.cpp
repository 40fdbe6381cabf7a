#include "runtime/cpu/tiles.h"

#include <algorithm>

namespace ptx {

namespace {

// A tile of this many operations takes 20 to 100 us on one core.
constexpr double smallTile = 3e6, largeTile = 3e7;
// Where rows are prepared, 96 x 3072 of them take as long as 5 columns do, and
// a wide tile is worth more than a short one.
constexpr double largePreparedTile = 1.5e8;
// Rows of a contraction's tile: each reads its weights once for all of them. 512 in place of 96: 128 and 512 rows of
// GPT-2 small 2 % faster, 1024 rows as fast (Zen 4, one thread).
constexpr int64_t tallTile = 512;
// A launch below this is not worth a fork-join.
constexpr double inlineWork = 2e5;
// Bytes weigh as operations do where a core streams 8 bytes in the time of 64 operations.
constexpr double operationsPerByte = 2;

double unitOf(const ptx_problem &problem) { return problem.flops + operationsPerByte * problem.bytes; }

/// Cuts one problem into tiles of about `target` operations, if they are not too large.
void cut(const ptx_problem &problem, const TileRule &rule, uint32_t index, double target, std::vector<Tile> &tiles) {
  target = std::min(target, rule.preparesRows ? largePreparedTile : largeTile);
  int64_t rows = problem.end - problem.begin;
  int64_t columns = (problem.columns + rule.columnLanes - 1) / rule.columnLanes;
  double unit = unitOf(problem) * static_cast<double>(rule.columnLanes);
  // Blocks of rows share nothing where columns are heads: each takes as many of these as it can, which lie side by
  // side.
  int64_t tall = std::min(rows, rule.columnLanes > 1 ? std::max(rule.rowGrain, tallTile) : rule.rowGrain);
  int64_t wide = columns;
  if (columns > 1)
    wide = static_cast<int64_t>(target / (unit * static_cast<double>(tall)));
  else
    tall = static_cast<int64_t>(target / unit);
  tall = std::clamp<int64_t>(tall, std::min(rule.rowGrain, rows), rows);
  wide = std::clamp<int64_t>((wide + rule.columnGrain - 1) / rule.columnGrain * rule.columnGrain, rule.columnGrain,
                             std::max(columns, rule.columnGrain));
  int64_t rowTiles = (rows + tall - 1) / tall, columnTiles = (columns + wide - 1) / wide;
  auto begin = [&](int64_t r) {
    return r == rowTiles ? problem.end : problem.begin + r * rows / rowTiles / rule.rowMultiple * rule.rowMultiple;
  };
  for (int64_t r = 0; r < rowTiles; ++r)
    for (int64_t c = 0; c < columnTiles && begin(r) < begin(r + 1); ++c)
      tiles.push_back({index, begin(r), begin(r + 1), c * wide, std::min((c + 1) * wide, columns)});
}

} // namespace

double workOf(std::span<const ptx_problem> problems) {
  double total = 0;
  for (const ptx_problem &problem : problems)
    total += static_cast<double>(problem.end - problem.begin) * static_cast<double>(problem.columns) * unitOf(problem);
  return total;
}

bool cutTiles(std::span<const ptx_problem> problems, const std::function<const TileRule &(const ptx_problem &)> &ruleOf,
              uint32_t workers, std::vector<Tile> &tiles) {
  tiles.clear();
  double total = workOf(problems);
  bool alone = workers == 1 || total < inlineWork;
  double target = largePreparedTile;
  if (!alone) {
    target = std::max(total / (8.0 * workers), smallTile);
    // Enough tiles that no worker stands idle, even when the launch is small.
    target = std::min(target, std::max(total / (2.0 * workers), inlineWork / 2));
  }
  for (size_t i = 0; i < problems.size(); ++i)
    cut(problems[i], ruleOf(problems[i]), static_cast<uint32_t>(i), target, tiles);
  return alone;
}

} // namespace ptx
