#include "runtime/cpu/level.h"
#include "runtime/cpu/sealed_library.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace ptx;

// A level the program does not have is refused, and the message lists what it has.
TEST(Level, UnknownLevelIsRefusedByName) {
  Result<std::string> level = chooseLevel({"avx2"}, "avx9");
  ASSERT_FALSE(level);
  EXPECT_NE(level.error().message.find("avx9"), std::string::npos);
  EXPECT_NE(level.error().message.find("avx2"), std::string::npos);
}

// The environment forces a lower level; an option is stronger.
TEST(Level, EnvironmentForcesALowerLevel) {
  if (!machineRuns("avx2"))
    GTEST_SKIP() << "this machine has no AVX2";
  ::setenv("PTX_CPU_LEVEL", "avx2", 1);
  Result<std::string> level = chooseLevel({"avx2", "avx512"}, "");
  ::unsetenv("PTX_CPU_LEVEL");
  ASSERT_TRUE(level);
  EXPECT_EQ(*level, "avx2");
}

// Bytes that are no shared object are an error, not a crash.
TEST(SealedLibrary, RefusesGarbage) { EXPECT_FALSE(SealedLibrary::load("not an ELF file")); }
