#include "runtime/io/failure.h"
#include "runtime/io/file.h"
#include "runtime/io/temporary.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>
#include <new>
#include <stdexcept>
#include <thread>

using namespace ptx;
using namespace ptx::test;

namespace {

TEST(FailureDeathTest, ExceptionsOfAnyThreadEndWithStatusOne) {
  Temporary directory;
  EXPECT_EXIT(
      {
        endOnFailures("tool");
        nowAt("reading 'x', 80 bytes");
        TemporaryName half(directory.write("half", "x"));
        std::thread([] { throw std::bad_alloc(); }).join();
      },
      testing::ExitedWithCode(1), "tool: error: no memory is left, reading 'x', 80 bytes");
  EXPECT_FALSE(std::filesystem::exists(directory.path("half")));
  EXPECT_EXIT(
      {
        endOnFailures("tool");
        std::thread([] { throw std::runtime_error("surprise"); }).join();
      },
      testing::ExitedWithCode(1), "tool: error: surprise");
}

} // namespace
