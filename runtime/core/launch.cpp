#include "runtime/core/launch.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ptx {

namespace {
// A tile of this many operations takes 20 to 100 us on one core.
constexpr double smallTile = 3e6, largeTile = 3e7;
// Rows that a contraction packs at once; more rows only repeat the panels.
constexpr int64_t tallTile = 96;
// A launch below this is not worth a fork-join.
constexpr double inlineWork = 2e5;
// Bytes weigh as operations do where a core streams 8 bytes in the time of 64 operations.
constexpr double operationsPerByte = 2;
} // namespace

uint64_t LaunchRunner::evaluate(const Word &word, const Group &group) const {
  switch (word.kind) {
  case WordKind::Buffer:
    return reinterpret_cast<uint64_t>(session.buffers[static_cast<size_t>(word.first)] + word.second);
  case WordKind::Int:
    return static_cast<uint64_t>(word.first);
  case WordKind::Float:
    return std::bit_cast<uint32_t>(static_cast<float>(word.number));
  case WordKind::Parameter:
    return reinterpret_cast<uint64_t>(group.binding->parameters[static_cast<size_t>(word.first)]->data());
  case WordKind::Ids:
    return reinterpret_cast<uint64_t>(session.rowIds[static_cast<size_t>(word.first)].data());
  case WordKind::Rank:
    return group.binding->rank(word.sites);
  case WordKind::Rows:
    break;
  }
  const RowTable &table = session.spaces[static_cast<size_t>(word.first)];
  switch (word.field) {
  case RowField::Position:
    return reinterpret_cast<uint64_t>(table.position.data());
  case RowField::Sequence:
    return reinterpret_cast<uint64_t>(table.sequence.data());
  case RowField::Begin:
    return reinterpret_cast<uint64_t>(table.begin.data());
  case RowField::Keys:
    return reinterpret_cast<uint64_t>(table.keys.data());
  case RowField::Blocks:
    return reinterpret_cast<uint64_t>(table.blocks.data());
  case RowField::First:
    return reinterpret_cast<uint64_t>(table.first.data());
  }
  return 0;
}

void LaunchRunner::addWork(const Problem &problem, const Group &group) {
  if (!problem.guard.empty() && group.binding->rank(problem.guard) == 0)
    return;
  const RowTable &table = session.spaces[problem.space];
  Work work{session.program->kernel(problem.kernel),
            {},
            group.begin,
            group.end,
            static_cast<int64_t>(problem.columns),
            static_cast<double>(problem.flops),
            static_cast<double>(problem.bytes),
            problem.grain};
  if (problem.over == Over::Rows) {
    work.begin = table.begin[static_cast<size_t>(group.begin)];
    work.end = table.begin[static_cast<size_t>(group.end)];
  } else if (problem.over == Over::Blocks) {
    work.begin = table.blockBegin[static_cast<size_t>(group.begin)];
    work.end = table.blockBegin[static_cast<size_t>(group.end)];
  }
  if (!problem.columnSites.empty())
    work.columns = static_cast<int64_t>((group.binding->rank(problem.columnSites) + 15) / 16);
  if (problem.perKey) {
    const RowTable &keys = session.spaces[problem.keySpace];
    double mean = static_cast<double>(keys.rows()) / std::max(1, keys.sequences);
    // A block is counted as full; short sequences fill a part of it.
    double fill = static_cast<double>(table.rows()) /
                  (static_cast<double>(blockRows) * std::max<double>(1, static_cast<double>(table.blocks.size()) / 4));
    work.flops *= mean * fill;
    work.bytes *= mean;
  }
  if (work.begin >= work.end || work.columns == 0)
    return;
  for (const Word &word : problem.args)
    work.words.push_back(evaluate(word, group));
  works.push_back(std::move(work));
}

/// Cuts one problem into tiles of about `target` operations.
void LaunchRunner::cut(const Work &work, uint32_t index, double target) {
  int64_t rows = work.end - work.begin, columns = work.columns;
  double unit = work.flops + operationsPerByte * work.bytes;
  int64_t rowGrain = static_cast<int64_t>(work.grain[0]), columnGrain = static_cast<int64_t>(work.grain[1]);
  int64_t tall = columns > 1 ? std::min(rows, std::max(rowGrain, tallTile)) : rows;
  int64_t wide = columns;
  if (columns > 1)
    wide = static_cast<int64_t>(target / (unit * static_cast<double>(tall)));
  else
    tall = static_cast<int64_t>(target / unit);
  tall = std::clamp<int64_t>(tall, std::min(rowGrain, rows), rows);
  wide = std::clamp<int64_t>((wide + columnGrain - 1) / columnGrain * columnGrain, columnGrain, columns);
  int64_t rowTiles = (rows + tall - 1) / tall, columnTiles = (columns + wide - 1) / wide;
  for (int64_t r = 0; r < rowTiles; ++r)
    for (int64_t c = 0; c < columnTiles; ++c)
      tiles.push_back({index, work.begin + r * rows / rowTiles, work.begin + (r + 1) * rows / rowTiles, c * wide,
                       std::min((c + 1) * wide, columns)});
}

ptx_launch_profile LaunchRunner::run(const Launch &launch) {
  works.clear();
  tiles.clear();
  for (const Problem &problem : launch.problems)
    for (const Group &group : session.groups)
      addWork(problem, group);
  ptx_launch_profile profile = {launch.label.c_str(), 0, 0, 0, 0, 0, 0};
  for (const Work &work : works) {
    double units = static_cast<double>(work.end - work.begin) * static_cast<double>(work.columns);
    profile.flops += units * work.flops;
    profile.bytes += units * work.bytes;
  }
  Pool &pool = session.program->pool();
  double total = profile.flops + operationsPerByte * profile.bytes;
  bool alone = pool.size() == 1 || total < inlineWork;
  double target = largeTile;
  if (!alone) {
    double workers = static_cast<double>(pool.size());
    target = std::clamp(total / (8 * workers), smallTile, largeTile);
    // Enough tiles that no worker stands idle, even when the launch is small.
    target = std::min(target, std::max(total / (2 * workers), inlineWork / 2));
  }
  for (size_t i = 0; i < works.size(); ++i)
    cut(works[i], static_cast<uint32_t>(i), target);
  profile.tiles = static_cast<uint32_t>(tiles.size());

  char *scratch = session.scratch.reserve(session.scratchPerWorker * pool.size());
  auto runTile = [&](size_t index, size_t worker) {
    const Tile &tile = tiles[index];
    const Work &work = works[tile.work];
    work.kernel(work.words.data(), tile.r0, tile.r1, tile.c0, tile.c1, scratch + worker * session.scratchPerWorker);
  };
  if (alone)
    for (size_t i = 0; i < tiles.size(); ++i)
      runTile(i, 0);
  else
    profile.waited = static_cast<double>(pool.run(tiles.size(), runTile)) * 1e-9;
  return profile;
}

} // namespace ptx
