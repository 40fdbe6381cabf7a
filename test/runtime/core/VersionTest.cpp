#include "runtime/ptx.h"

#include <gtest/gtest.h>

// The one constant is the version of CMake's project.
TEST(Version, IsTheProjects) { EXPECT_STREQ(ptx_version(), PTX_PROJECT_VERSION); }
