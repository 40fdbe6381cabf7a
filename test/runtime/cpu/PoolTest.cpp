#include "runtime/cpu/pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <numeric>
#include <sys/wait.h>
#include <unistd.h>

using namespace ptx;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double processorSeconds() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// About `us` microseconds of arithmetic that no compiler removes.
double burn(double us) {
  volatile double x = 1;
  for (int i = 0; i < static_cast<int>(us * 250); ++i)
    x = x * 1.0000001;
  return x;
}

void checkSum(Pool &pool, uint32_t tiles) {
  std::vector<int> hits(tiles);
  pool.run(tiles, [&](uint32_t tile, unsigned worker) {
    ASSERT_LT(worker, pool.size());
    ++hits[tile]; // unsynchronised on purpose: each tile has one owner
  });
  EXPECT_EQ(std::accumulate(hits.begin(), hits.end(), 0u), tiles);
  for (int hit : hits)
    ASSERT_EQ(hit, 1);
}

} // namespace

// Every tile runs exactly once, in many regions right behind each other.
TEST(Pool, RunsEachTileOnce) {
  Pool pool(2);
  for (int region = 0; region < 2000; ++region)
    checkSum(pool, 1 + region % 37);
}

// A worker takes tiles, and does not only watch: two tiles that wait for each
// other end only when two threads run them.
TEST(Pool, WorkersTakePart) {
  Pool pool(2);
  std::atomic<int> inside{0};
  pool.run(2, [&](uint32_t, unsigned) {
    ++inside;
    for (double start = seconds(); inside < 2 && seconds() - start < 20;)
      std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

// Region after region a worker finds the tiles of the same place: here each has
// one, and none can take over as all wait for each other.
TEST(Pool, TilesHaveAHome) {
  Pool pool(2);
  for (int region = 0; region < 200; ++region) {
    std::atomic<int> inside{0};
    pool.run(
        2,
        [&](uint32_t tile, unsigned worker) {
          EXPECT_EQ(tile, worker);
          ++inside;
          for (double start = seconds(); inside < 2 && seconds() - start < 20;)
            std::this_thread::yield();
        },
        Pool::Trust::Always);
  }
}

// A worker that comes late leaves its tiles to the others.
TEST(Pool, OthersTakeOver) {
  Pool pool(2);
  std::atomic<bool> stop{false};
  std::vector<unsigned> by(16);
  pool.run(
      16,
      [&](uint32_t tile, unsigned worker) {
        by[tile] = worker;
        if (worker == 1)
          for (double start = seconds(); !stop && seconds() - start < 20;)
            std::this_thread::yield();
        if (tile == 9)
          stop = true;
      },
      Pool::Trust::Always);
  EXPECT_LE(std::accumulate(by.begin(), by.end(), 0u), 1u);
}

// Four times as many threads as processors still finish, tile for tile.
TEST(Pool, SurvivesOversubscription) {
  Pool pool(4 * usableThreads(0));
  for (int region = 0; region < 500; ++region)
    checkSum(pool, 1 + region % 61);
}

// A region started from inside a tile runs on that thread.
TEST(Pool, NestedCallRunsInline) {
  Pool pool(3);
  std::atomic<int> count{0};
  pool.run(8, [&](uint32_t, unsigned) {
    std::thread::id self = std::this_thread::get_id();
    pool.run(5, [&](uint32_t, unsigned) {
      EXPECT_EQ(std::this_thread::get_id(), self);
      ++count;
    });
  });
  EXPECT_EQ(count, 40);
}

// Two callers at once: one has the workers, the other runs alone; both finish.
TEST(Pool, SeveralCallersAtOnce) {
  Pool pool(2);
  std::vector<std::thread> callers;
  for (int c = 0; c < 3; ++c)
    callers.emplace_back([&] {
      for (int region = 0; region < 300; ++region)
        checkSum(pool, 16);
    });
  for (std::thread &caller : callers)
    caller.join();
}

// Pools come and go without work, and with work just done.
TEST(Pool, ShutsDownAtAnyTime) {
  for (int i = 0; i < 100; ++i) {
    Pool pool(3);
    if (i % 2)
      checkSum(pool, 10);
  }
}

// A worker's spin is bounded: an idle pool uses no processor time.
TEST(Pool, IdleUsesNoProcessor) {
  Pool pool(4);
  checkSum(pool, 64);
  ::usleep(20'000);
  double before = processorSeconds();
  ::usleep(300'000);
  EXPECT_LT(processorSeconds() - before, 0.02);
}

// The child of a fork has none of the threads: it runs alone and ends cleanly.
TEST(Pool, WorksInTheChildOfAFork) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the thread sanitizer does not support fork with threads";
#endif
#endif
  auto pool = std::make_unique<Pool>(3);
  checkSum(*pool, 16);
  pid_t child = ::fork();
  if (child == 0) {
    int sum = 0;
    pool->run(10, [&](uint32_t tile, unsigned) { sum += static_cast<int>(tile); });
    pool.reset();
    ::_exit(sum == 45 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  checkSum(*pool, 16);
}

// Busy neighbours on every processor must not make a pool much slower than one
// thread beside the same neighbours. The bound is loose: the machine is shared.
TEST(Pool, HogsBesideCostABoundedTime) {
  unsigned processors = usableThreads(0);
  if (processors < 2)
    GTEST_SKIP() << "one processor";
  std::vector<pid_t> hogs;
  for (unsigned i = 0; i + 1 < processors; ++i) {
    pid_t hog = ::fork();
    if (hog == 0)
      for (;;)
        burn(1000);
    hogs.push_back(hog);
  }
  auto regions = [](Pool &pool) {
    double start = seconds();
    for (int region = 0; region < 400; ++region)
      pool.run(16, [](uint32_t, unsigned) { burn(30); });
    return seconds() - start;
  };
  Pool one(1), many(processors);
  double alone = 1e9, together = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    alone = std::min(alone, regions(one));
    together = std::min(together, regions(many));
  }
  for (pid_t hog : hogs) {
    ::kill(hog, SIGKILL);
    ::waitpid(hog, nullptr, 0);
  }
  RecordProperty("speed_over_one_thread_percent", static_cast<int>(100 * alone / together));
  std::printf("speed over one thread: %.2f\n", alone / together);
  EXPECT_GT(alone / together, 0.5);
}
