#include "runtime/cpu/pages.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <thread>
#include <vector>

using namespace ptx;

namespace {

constexpr size_t large = 2u << 20;

char *take(Pages &pages, size_t bytes) { return static_cast<char *>(pages.take(bytes)); }

bool isZero(const char *memory, size_t bytes) {
  return std::all_of(memory, memory + bytes, [](char byte) { return byte == 0; });
}

bool isMapped(const char *page) {
  unsigned char resident = 0;
  return ::mincore(const_cast<char *>(page), Pages::bytesPerPage, &resident) == 0;
}

TEST(Pages, LieOneBehindTheOther) {
  Pages pages;
  char *first = take(pages, 3'000'001), *second = take(pages, 100'000), *third = take(pages, 5'000'000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % large, 0u);
  EXPECT_EQ(second, first + 3'002'368) << "whole pages";
  EXPECT_EQ(third, second + 102'400);
  std::fill_n(first, 3'000'001, 1);
  std::fill_n(third, 5'000'000, 2);
  EXPECT_TRUE(isZero(second, 100'000));
  Pages::giveBack(second, 100'000);
  EXPECT_FALSE(isMapped(second));
  EXPECT_EQ(first[3'000'000], 1);
  EXPECT_EQ(third[0], 2);
  Pages::giveBack(first, 3'000'001);
  Pages::giveBack(third, 5'000'000);
}

TEST(Pages, OfAnySize) {
  Pages pages;
  for (size_t bytes : {size_t(0), size_t(1), size_t(4096), size_t(65'536), size_t(63) << 20, size_t(65) << 20}) {
    char *memory = take(pages, bytes);
    ASSERT_TRUE(memory) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % Pages::bytesPerPage, 0u);
    char &last = memory[bytes ? bytes - 1 : 0];
    EXPECT_EQ(*memory, 0);
    EXPECT_EQ(last, 0);
    *memory = last = 3;
    Pages::giveBack(memory, bytes);
    EXPECT_FALSE(isMapped(memory)) << bytes;
  }
  for (size_t bytes : {SIZE_MAX, SIZE_MAX - 100, SIZE_MAX / 4 + 1, size_t(1) << 60})
    EXPECT_FALSE(pages.take(bytes)) << bytes;
}

TEST(Pages, MemoryOutlivesThem) {
  char *memory = nullptr;
  {
    Pages pages;
    memory = take(pages, 1 << 20);
  }
  EXPECT_FALSE(isMapped(memory + (1 << 20))) << "what is left of a stretch goes";
  memory[0] = 1;
  Pages::giveBack(memory, 1 << 20);
}

TEST(Pages, ForSeveralThreads) {
  Pages pages;
  std::vector<std::thread> threads;
  for (char mark = 1; mark <= 4; ++mark)
    threads.emplace_back([&pages, mark] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        size_t bytes = 70'000 + 1'000 * static_cast<size_t>(repeat);
        char *memory = take(pages, bytes);
        ASSERT_TRUE(isZero(memory, bytes));
        std::fill_n(memory, bytes, mark);
        std::this_thread::yield();
        ASSERT_TRUE(std::all_of(memory, memory + bytes, [&](char byte) { return byte == mark; }));
        Pages::giveBack(memory, bytes);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
