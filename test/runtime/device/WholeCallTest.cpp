// Devices that take whole calls: a plug-in that adds up what it is given.
#include "runtime/core/program.h"
#include "test/runtime/core/Tiny.h"

#include <gtest/gtest.h>

using namespace ptx;

// A plug-in found beside the executables reads tensors and answers calls; what
// it refuses becomes an error.
TEST(WholeCall, AnswersCalls) {
  tiny::Folder folder;
  tiny::Weights weights = tiny::makeWeights();
  tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, weights, false));
  tiny::Call input{{1, 2, 3}, {}, {}, 1, 3};
  tiny::Answer answer = tiny::runOnce(folder.path, "da", input, 1, "sum");
  ASSERT_EQ(answer.error, "");
  EXPECT_EQ(answer.values["hidden"][0], 6 + weights.tensors["bias"].values[0]);
  EXPECT_NE(tiny::runOnce(folder.path, "db", input, 1, "sum").error.find("not to its taste"), std::string::npos);
}

namespace {

std::string errorOf(const char *device) {
  tiny::Folder folder;
  tiny::writeArtifact(folder.path, tiny::manifestOf(folder.path, tiny::makeWeights(), false));
  return tiny::runOnce(folder.path, nullptr, {{1}, {}, {}, 1, 1}, 1, device).error;
}

} // namespace

// A plug-in that is not there is said to be missing, with its file's name.
TEST(FindDevice, MissingIsNamed) {
  std::string error = errorOf("abacus");
  EXPECT_NE(error.find("'abacus'"), std::string::npos) << error;
  EXPECT_NE(error.find("'libptx-abacus.so'"), std::string::npos) << error;
}

// A name is no path.
TEST(FindDevice, PathsAreRefused) {
  EXPECT_NE(errorOf("../lib/libptx-sum").find("no name of a device"), std::string::npos);
}
