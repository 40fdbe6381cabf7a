#include "runtime/cpu/chooser.h"

#include <gtest/gtest.h>

using namespace ptx;

namespace {

constexpr double work = 2e7; // about 0.3 ms of one core

/// Runs `calls` calls that take `alone` or `together` seconds; the share that went together.
double shareTogether(ThreadChooser &chooser, int calls, double alone, double together, double size = work) {
  int count = 0;
  for (int i = 0; i < calls; ++i) {
    bool with = chooser.choose(size) == ThreadChooser::Together;
    chooser.took(with ? together : alone);
    count += with;
  }
  return static_cast<double>(count) / calls;
}

} // namespace

TEST(Chooser, KeepsTheCheaperWay) {
  ThreadChooser gains, loses;
  EXPECT_GT(shareTogether(gains, 1000, 320e-6, 240e-6), 0.9);
  EXPECT_LT(shareTogether(loses, 1000, 320e-6, 600e-6), 0.1);
}

// Twelve times as long together, as when both threads stand on one core: of
// twenty calls at most four are lost.
TEST(Chooser, AYoungProcessLosesFourCalls) {
  ThreadChooser chooser;
  EXPECT_LE(shareTogether(chooser, 20, 37e-6, 430e-6), 0.2);
}

TEST(Chooser, FollowsTheMachine) {
  ThreadChooser chooser;
  shareTogether(chooser, 300, 320e-6, 240e-6);
  // The cores no longer share a cache: a few calls later it is known.
  EXPECT_LT(shareTogether(chooser, 300, 320e-6, 600e-6), 0.1);
  // And again, after the next look at the other way.
  shareTogether(chooser, 300, 320e-6, 240e-6);
  EXPECT_GT(shareTogether(chooser, 300, 320e-6, 240e-6), 0.9);
}

TEST(Chooser, OneCallThatWasInterruptedChangesNothing) {
  ThreadChooser chooser;
  shareTogether(chooser, 50, 320e-6, 150e-6);
  ASSERT_EQ(chooser.choose(work), ThreadChooser::Together);
  chooser.took(20e-3);
  EXPECT_EQ(chooser.choose(work), ThreadChooser::Together);
}

// Calls of another size have their own way.
TEST(Chooser, SizesAreJudgedByThemselves) {
  ThreadChooser chooser;
  for (int i = 0; i < 200; ++i) {
    chooser.choose(work);
    chooser.took(chooser.choose(work) == ThreadChooser::Together ? 240e-6 : 320e-6);
    chooser.took(chooser.choose(work / 8) == ThreadChooser::Together ? 80e-6 : 40e-6);
  }
  EXPECT_EQ(chooser.choose(work), ThreadChooser::Together);
  EXPECT_EQ(chooser.choose(work / 8), ThreadChooser::Alone);
}

TEST(Chooser, LargeCallsAreNotTried) {
  ThreadChooser chooser;
  EXPECT_EQ(shareTogether(chooser, 100, 1, 2, 1e10), 1);
  EXPECT_FALSE(chooser.measures());
}

TEST(Chooser, CallsWithoutWorkOrTime) {
  ThreadChooser chooser;
  shareTogether(chooser, 500, 0, 0, 0);
  shareTogether(chooser, 500, 1e-6, 1e-6, -5);
}
