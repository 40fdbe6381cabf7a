// How a launch is cut into the blocks of one grid.
#include "runtime/device/grid.h"

#include <gtest/gtest.h>

using namespace ptx;

namespace {

struct Cut {
  GridLaunch launch;
  std::vector<uint64_t> firstTiles;
};

/// Problems of rows [begin, end) x 64 columns: tiles of 64 x 64, up to 8 rows at
/// once with 32 columns a tile.
Cut cut(std::vector<std::pair<int64_t, int64_t>> ranges) {
  const ptx_metadata tiles[] = {{"tile_rows", 64}, {"tile_columns", 64}, {"few_rows", 8}, {"few_columns", 32}};
  const ptx_metadata threads[] = {{"threads", 128}, {"shared", 0}};
  const uint32_t member = 0;
  const ptx_kernel_info kernel = {"contract", tiles, std::size(tiles), nullptr, 0, 1};
  const ptx_kernel_info entry = {"entry", threads, std::size(threads), &member, 1, 0};
  Result<GridRules> rules = GridRules::read({&kernel, 1}, {&entry, 1});
  EXPECT_TRUE(rules) << rules.error().message;
  const uint64_t word = 7;
  std::vector<ptx_problem> problems;
  for (auto [begin, end] : ranges)
    problems.push_back({0, &word, begin, end, 64, 0, 0, 0, nullptr, 0});
  std::vector<uint64_t> table;
  Result<GridLaunch> planned = rules->plan({"launch", problems.data(), problems.size()}, table);
  EXPECT_TRUE(planned) << planned.error().message;
  Cut made{*planned, {}};
  for (size_t p = 0; p < problems.size(); ++p)
    made.firstTiles.push_back(table[planned->offset + p * planned->stride + gridFirstTile]);
  return made;
}

} // namespace

TEST(Grid, FewRowsAndMany) {
  Cut made = cut({{0, 8}, {3, 12}, {0, 65}});
  EXPECT_EQ(made.firstTiles, (std::vector<uint64_t>{0, 2, 3}));
  EXPECT_EQ(made.launch.blocks, 5u);
}

// Wherever it stands: no block is its own, for a block takes the last problem
// whose first tile is not behind it.
TEST(Grid, AnEmptyProblemHasNoTile) {
  Cut made = cut({{5, 5}, {0, 8}, {0, 0}, {0, 64}, {9, 9}});
  EXPECT_EQ(made.firstTiles, (std::vector<uint64_t>{0, 0, 2, 2, 3}));
  EXPECT_EQ(made.launch.blocks, 3u);
  EXPECT_EQ(cut({{5, 5}}).launch.blocks, 0u);
  EXPECT_EQ(cut({{0, 0}, {7, 7}}).launch.blocks, 0u);
}
