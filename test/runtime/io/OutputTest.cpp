// Outputs by the kind of what a path names: nothing half, nothing replaced that is no file.
#include "runtime/io/output.h"
#include "runtime/io/file.h"
#include "test/runtime/io/Temporary.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ptx;
using namespace ptx::test;
namespace fs = std::filesystem;

namespace {

Status writeNew(const std::string &path) {
  return writeOutput(path, [](const Append &append) { return append("new", 3); });
}

size_t filesIn(const Temporary &directory) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(directory.directory()), fs::directory_iterator()));
}

std::string contents(const std::string &path) { return *readWhole(path, 100); }

// Row 27: a failed write leaves the old file and nothing else.
TEST(Output, Row27NothingHalf) {
  Temporary directory;
  std::string path = directory.write("out", "old");
  EXPECT_FALSE(writeOutput(path, [](const Append &append) -> Status {
    (void)append("new", 3);
    return Error{"stopped"};
  }));
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(filesIn(directory), 1u);
  EXPECT_FALSE(writeNew(directory.path("no/such/out")));
}

// A file is replaced as a whole: who has the old one open keeps it. Permissions stay.
TEST(Output, FilesAreReplaced) {
  Temporary directory;
  std::string path = directory.write("out", "old");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  Result<File> open = File::open(path);
  ASSERT_TRUE(writeNew(path));
  char old[3] = {};
  EXPECT_TRUE(open->readAt(0, old, 3));
  EXPECT_EQ(std::string(old, 3), "old");
  EXPECT_EQ(contents(path), "new");
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  EXPECT_EQ(filesIn(directory), 1u);
}

// A link stays a link, also one that leads to nothing yet; links in a ring are an error.
TEST(Output, LinksAreFollowed) {
  Temporary directory, elsewhere;
  elsewhere.write("there", "old");
  for (const char *name : {"there", "not-yet"}) {
    fs::create_symlink(elsewhere.path(name), directory.path(name));
    ASSERT_TRUE(writeNew(directory.path(name)));
    EXPECT_TRUE(fs::is_symlink(directory.path(name)));
    EXPECT_EQ(contents(elsewhere.path(name)), "new");
  }
  EXPECT_EQ(filesIn(directory), 2u);
  fs::create_symlink("a", directory.path("b"));
  fs::create_symlink("b", directory.path("a"));
  EXPECT_NE(writeNew(directory.path("a")).error().message.find("links lead on"), std::string::npos);
}

// Devices and pipes are written to and stay what they are.
TEST(Output, DevicesAndPipes) {
  ASSERT_TRUE(writeNew("/dev/null"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_NE(writeNew("/dev/full").error().message.find("cannot be written"), std::string::npos);

  Temporary directory;
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  std::string got(3, '\0');
  std::thread reader([&] {
    int fd = ::open(directory.path("pipe").c_str(), O_RDONLY);
    EXPECT_EQ(::read(fd, got.data(), 3), 3);
    ::close(fd);
  });
  EXPECT_TRUE(writeNew(directory.path("pipe")));
  reader.join();
  EXPECT_EQ(got, "new");
  EXPECT_TRUE(fs::is_fifo(directory.path("pipe")));

  EXPECT_NE(writeNew(directory.directory()).error().message.find("is a directory"), std::string::npos);
}

// An open descriptor is appended to, whatever it leads to.
TEST(Output, Descriptors) {
  Temporary directory;
  std::string path = directory.write("log", "old");
  int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
  ASSERT_TRUE(writeNew("/dev/fd/" + std::to_string(fd)));
  ASSERT_TRUE(writeNew("/proc/self/fd/" + std::to_string(fd)));
  ::close(fd);
  EXPECT_EQ(contents(path), "oldnewnew");
}

// A tool that is interrupted leaves nothing behind, and ends by the signal.
TEST(Output, Signals) {
  Temporary directory;
  std::string path = directory.write("out", "old");
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    pid_t child = ::fork();
    if (child == 0) {
      removeTemporariesOnSignals();
      (void)writeOutput(path, [&](const Append &append) -> Status {
        (void)append("half", 4);
        ::raise(signal);
        return {};
      });
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    EXPECT_EQ(contents(path), "old");
    EXPECT_EQ(filesIn(directory), 1u);
  }
}

} // namespace
