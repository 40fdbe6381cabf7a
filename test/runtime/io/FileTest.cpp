#include "runtime/io/file.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace ptx;
using namespace ptx::test;

namespace {

// Row 14: a name from inside a file is a plain name.
TEST(OpenInside, Row14PlainNames) {
  Temporary directory;
  directory.write("a", "x");
  EXPECT_TRUE(openInside(directory.directory(), "a", false));
  for (std::string name : {"", ".", "..", "../a", "/etc/passwd", "b/a", "C:a", "b\\a"}) {
    Result<File> file = openInside(directory.directory(), name, false);
    ASSERT_FALSE(file) << name;
    EXPECT_NE(file.error().message.find("is not a plain file name"), std::string::npos) << name;
  }
  EXPECT_FALSE(openInside(directory.directory(), std::string("a\0b", 3), false));
}

// Row 15: links stay in the directory, or in the download cache's blobs.
TEST(OpenInside, Row15Links) {
  Temporary directory;
  directory.write("blobs/hash", "x");
  directory.write("outside", "x");
  directory.write("snapshots/revision/own", "x");
  std::string snapshot = directory.path("snapshots/revision");
  namespace fs = std::filesystem;
  fs::create_symlink("../../blobs/hash", snapshot + "/cached");
  fs::create_symlink("own", snapshot + "/alias");
  fs::create_symlink("../../outside", snapshot + "/leaves");
  fs::create_symlink("nowhere", snapshot + "/dangling");
  EXPECT_TRUE(openInside(snapshot, "cached", false));
  EXPECT_TRUE(openInside(snapshot, "alias", false));
  Result<File> leaves = openInside(snapshot, "leaves", false);
  ASSERT_FALSE(leaves);
  EXPECT_NE(leaves.error().message.find("--follow-links"), std::string::npos);
  EXPECT_TRUE(openInside(snapshot, "leaves", true));
  EXPECT_FALSE(openInside(snapshot, "dangling", false));
}

// Row 17: no FIFO, device or directory, and no waiting for a writer.
TEST(FileOpen, Row17RegularFilesOnly) {
  Temporary directory;
  ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0600), 0);
  for (const std::string &path : {directory.path("fifo"), std::string("/dev/null"), directory.directory()}) {
    Result<File> file = File::open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_NE(file.error().message.find("is not a regular file"), std::string::npos);
  }
}

} // namespace
