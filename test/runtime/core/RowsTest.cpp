#include "runtime/core/rows.h"

#include <gtest/gtest.h>

using namespace ptx;
using Ints = std::vector<int32_t>;

static RowTable rowsOf(int32_t sequences, int32_t length, const uint8_t *mask, bool keepFirst, const Ints &order,
                       int32_t blockRows) {
  RowTable table, anew;
  buildRows(table, sequences, length, mask, keepFirst, order, blockRows);
  // What it was before leaves nothing.
  buildRows(anew, 3, 200, nullptr, true, {2, 0, 1}, 7);
  buildRows(anew, sequences, length, mask, keepFirst, order, blockRows);
  EXPECT_TRUE(anew.position == table.position && anew.blocks == table.blocks && anew.keys == table.keys &&
              anew.first == table.first && anew.begin == table.begin && anew.mostKeys == table.mostKeys);
  return table;
}

// Without a mask every position has a row.
TEST(Rows, AllVisible) {
  RowTable t = rowsOf(2, 3, nullptr, false, {0, 1}, 64);
  EXPECT_EQ(t.position, (Ints{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(t.sequence, (Ints{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(t.begin, (Ints{0, 3, 6}));
  EXPECT_EQ(t.keys, (Ints{3, 3}));
  EXPECT_EQ(t.first, (Ints{0, 3}));
}

// Ragged sequences, padded left, right and in the middle, keep their positions.
TEST(Rows, RaggedWithHoles) {
  const uint8_t mask[] = {0, 1, 1, 1, 0, 1, 0, 0, 0};
  RowTable t = rowsOf(3, 3, mask, false, {0, 1, 2}, 64);
  EXPECT_EQ(t.position, (Ints{1, 2, 0, 2}));
  EXPECT_EQ(t.begin, (Ints{0, 2, 4, 4}));
  EXPECT_EQ(t.keys, (Ints{2, 2, 0}));
  EXPECT_EQ(t.first, (Ints{-1, 2, -1}));
  EXPECT_EQ(t.mostKeys, 2);
}

// A masked first position that is kept is the sequence's last row and no key.
TEST(Rows, KeepFirst) {
  const uint8_t mask[] = {0, 1, 1, 1, 1, 0};
  RowTable t = rowsOf(2, 3, mask, true, {0, 1}, 64);
  EXPECT_EQ(t.position, (Ints{1, 2, 0, 0, 1}));
  EXPECT_EQ(t.begin, (Ints{0, 3, 5}));
  EXPECT_EQ(t.keys, (Ints{2, 2}));
  EXPECT_EQ(t.first, (Ints{2, 3}));
}

// Sequences are cut into blocks of at most 64 rows that know their place.
TEST(Rows, Blocks) {
  RowTable t = rowsOf(2, 130, nullptr, false, {0, 1}, 64);
  EXPECT_EQ(t.blocks,
            (Ints{0, 0, 64, 0, 0, 64, 128, 64, 0, 128, 130, 128, 1, 130, 194, 0, 1, 194, 258, 64, 1, 258, 260, 128}));
  EXPECT_EQ(t.blockBegin, (Ints{0, 3, 6}));
}

// The target says how tall blocks are.
TEST(Rows, LowBlocks) {
  RowTable t = rowsOf(1, 5, nullptr, false, {0}, 2);
  EXPECT_EQ(t.blocks, (Ints{0, 0, 2, 0, 0, 2, 4, 2, 0, 4, 5, 4}));
}

// Another order moves the sequences, not what they hold.
TEST(Rows, OrderOfSequences) {
  const uint8_t mask[] = {1, 1, 0, 1, 0, 0};
  RowTable t = rowsOf(2, 3, mask, false, {1, 0}, 64);
  EXPECT_EQ(t.position, (Ints{0, 0, 1}));
  EXPECT_EQ(t.begin, (Ints{0, 1, 3}));
}

// What is held, by chunks: a sequence that holds nothing has none.
TEST(Rows, ChunksOfWhatIsHeld) {
  RowTable t;
  const Ints more = {1, 0, 0, 2};
  buildHeld(t, {{100, 0, 300, 200}, {9, 0, 5, 8}}, &more, {0, 1, 2, 3}, 5);
  EXPECT_EQ(t.keys, (Ints{10, 0, 5, 10}));
  EXPECT_EQ(t.chunks, (Ints{0, 0, 0, 5, 2, 0, 3, 0, 3, 5}));
  EXPECT_EQ(t.chunkBegin, (Ints{0, 2, 2, 3, 5}));
  buildHeld(t, {{100}, {9}}, nullptr, {0});
  EXPECT_EQ(t.chunks, Ints());
  EXPECT_EQ(t.chunkBegin, Ints());
}
