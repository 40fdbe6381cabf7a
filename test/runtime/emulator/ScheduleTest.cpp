// The order of threads and blocks.
#include "runtime/emulator/schedule.h"

#include <gtest/gtest.h>
#include <set>

using namespace ptx::emulator;

namespace {

std::vector<int> firstRound(uint64_t seed, uint32_t threads) {
  Scheduler scheduler(Schedule::BySeed, seed);
  scheduler.begin(threads);
  std::vector<int> order;
  for (int next; (next = scheduler.next()) >= 0;)
    order.push_back(next);
  return order;
}

// 70 threads: a last warp of six, a word of bits that is not full.
TEST(Schedule, EverySeedRunsEveryThreadOnce) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<int> order = firstRound(seed, 70);
    EXPECT_EQ(order.size(), 70u);
    EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 70u);
    EXPECT_EQ(order, firstRound(seed, 70));
  }
}

TEST(Schedule, SeedsAreTheSchedules) {
  EXPECT_EQ(firstRound(0, 3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(firstRound(1, 3), (std::vector<int>{2, 1, 0}));
  EXPECT_NE(firstRound(4, 64), firstRound(5, 64));
  EXPECT_EQ(Scheduler(Schedule::BySeed, 3).blockOrder(3), (std::vector<uint64_t>{2, 1, 0}));
}

// The favoured warp comes first again as soon as it may.
TEST(Schedule, AWarpStaysAhead) {
  Scheduler scheduler(Schedule::WarpAhead, 1);
  scheduler.begin(96);
  int first = scheduler.next();
  scheduler.next();
  scheduler.ready(first);
  EXPECT_EQ(scheduler.next(), first);
}

// Who yields lets all the others run first.
TEST(Schedule, YieldingLetsOthersRun) {
  for (Schedule schedule : {Schedule::RoundRobin, Schedule::Reverse, Schedule::WarpAhead}) {
    Scheduler scheduler(schedule, 0);
    scheduler.begin(32);
    int first = scheduler.next();
    scheduler.yield(first);
    EXPECT_NE(scheduler.next(), first);
  }
}

} // namespace
