#include "runtime/cpu/tiles.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace ptx;

namespace {

ptx_problem problem(int64_t begin, int64_t end, int64_t columns, double flops) {
  ptx_problem made = {};
  made.begin = begin;
  made.end = end;
  made.columns = columns;
  made.flops = flops;
  return made;
}

std::vector<Tile> cut(std::vector<ptx_problem> problems, const TileRule &rule, uint32_t workers,
                      bool *alone = nullptr) {
  std::vector<Tile> tiles;
  bool isAlone = cutTiles(problems, [&](const ptx_problem &) -> const TileRule & { return rule; }, workers, tiles);
  if (alone)
    *alone = isAlone;
  return tiles;
}

/// Every row meets every column once, and pieces begin where the rule wants them to.
void expectWhole(const ptx_problem &problem, const TileRule &rule, const std::vector<Tile> &tiles) {
  int64_t columns = (problem.columns + rule.columnLanes - 1) / rule.columnLanes;
  std::set<std::pair<int64_t, int64_t>> met;
  for (const Tile &tile : tiles) {
    EXPECT_EQ((tile.r0 - problem.begin) % rule.rowMultiple, 0);
    EXPECT_EQ(tile.c0 % rule.columnGrain, 0);
    for (int64_t r = tile.r0; r < tile.r1; ++r)
      for (int64_t c = tile.c0; c < tile.c1; ++c)
        EXPECT_TRUE(met.emplace(r, c).second) << r << " " << c;
  }
  EXPECT_EQ(static_cast<int64_t>(met.size()), (problem.end - problem.begin) * columns);
  for (auto [r, c] : met)
    EXPECT_TRUE(problem.begin <= r && r < problem.end && 0 <= c && c < columns);
}

TEST(Tiles, CoverAProblemOnce) {
  for (const TileRule &rule : {TileRule{}, TileRule{1, 1, 16}, TileRule{12, 4, 16, true}, TileRule{4, 1, 1, false, 4}})
    for (int64_t rows : {1, 4, 7, 60})
      for (int64_t columns : {1, 12, 70, 700})
        for (double flops : {1.0, 2e3, 1e6})
          for (uint32_t workers : {1u, 2u, 3u, 16u}) {
            ptx_problem one = problem(5, 5 + rows, columns, flops);
            expectWhole(one, rule, cut({one}, rule, workers));
          }
}

TEST(Tiles, SmallWorkIsForOne) {
  bool alone = false;
  EXPECT_EQ(cut({problem(0, 1, 768, 2)}, {1, 1, 16}, 8, &alone).size(), 1u);
  EXPECT_TRUE(alone);
  cut({problem(0, 128, 768, 2 * 768)}, {1, 1, 16}, 8, &alone);
  EXPECT_FALSE(alone);
  cut({problem(0, 128, 768, 2 * 768)}, {1, 1, 16}, 1, &alone);
  EXPECT_TRUE(alone);
}

TEST(Tiles, ProblemsKeepTheirPlaces) {
  std::vector<ptx_problem> problems = {problem(0, 40, 768, 1536), problem(40, 41, 768, 1536)};
  TileRule rule{1, 1, 16};
  std::map<uint32_t, std::vector<Tile>> tiles;
  for (const Tile &tile : cut(problems, rule, 2))
    tiles[tile.problem].push_back(tile);
  for (uint32_t i : {0u, 1u})
    expectWhole(problems[i], rule, tiles[i]);
}

} // namespace
