#include "runtime/io/output.h"
#include "runtime/io/file.h"
#include "runtime/io/temporary.h"
#include "test/runtime/io/Temporary.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ptx;
using namespace ptx::test;
namespace fs = std::filesystem;

namespace {

Status put(const std::string &path, const std::string &text) {
  return writeAtomically(path, [&](const Append &append) { return append(text.data(), text.size()); });
}

size_t entriesOf(const std::string &directory) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

mode_t modeOf(const std::string &path) {
  struct stat status = {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

TEST(Output, ModeOfTheUmaskOrOfTheReplacedFile) {
  Temporary directory;
  mode_t old = ::umask(027);
  EXPECT_TRUE(put(directory.path("new"), "x"));
  EXPECT_EQ(modeOf(directory.path("new")), 0640u);
  std::string path = directory.write("old", "x");
  ::chmod(path.c_str(), 0604);
  EXPECT_TRUE(put(path, "y"));
  EXPECT_EQ(modeOf(path), 0604u);
  EXPECT_EQ(*readWhole(path, 10), "y");
  ::umask(old);
}

TEST(Output, LinksStay) {
  Temporary directory;
  std::string file = directory.write("a/file", "old");
  fs::create_symlink("a/file", directory.path("link"));
  fs::create_symlink("link", directory.path("again"));
  EXPECT_TRUE(put(directory.path("again"), "new"));
  EXPECT_TRUE(fs::is_symlink(directory.path("again")));
  EXPECT_TRUE(fs::is_symlink(directory.path("link")));
  EXPECT_EQ(*readWhole(file, 10), "new");
  fs::create_symlink("a/made", directory.path("dangling"));
  EXPECT_TRUE(put(directory.path("dangling"), "made"));
  EXPECT_EQ(*readWhole(directory.path("a/made"), 10), "made");
  fs::create_symlink("round", directory.path("round"));
  EXPECT_FALSE(put(directory.path("round"), "x"));
  EXPECT_EQ(entriesOf(directory.path("a")), 2u);
}

TEST(Output, DirectoriesAreErrors) {
  Temporary directory;
  for (const std::string &path : {directory.directory(), directory.directory() + "/"}) {
    Status status = put(path, "x");
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("is a directory"), std::string::npos) << status.error().message;
    EXPECT_FALSE(checkOutput(path));
  }
  Status status = checkOutput(directory.path("no/out"));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("there is no directory"), std::string::npos);
  EXPECT_FALSE(checkOutput(directory.path("no/")));
  EXPECT_FALSE(checkOutput(""));
  EXPECT_TRUE(checkOutput(directory.path("out")));
  EXPECT_EQ(entriesOf(directory.directory()), 0u);
}

TEST(Output, DevicesAreWrittenTo) {
  Temporary directory;
  std::string path = directory.path("null");
  if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0)
    GTEST_SKIP() << "devices cannot be made here";
  int fd = ::open(path.c_str(), O_WRONLY);
  if (fd < 0)
    GTEST_SKIP() << "devices cannot be opened here";
  ::close(fd);
  EXPECT_TRUE(isStream(path));
  EXPECT_TRUE(put(path, "x"));
  EXPECT_TRUE(fs::is_character_file(path));
  EXPECT_EQ(entriesOf(directory.directory()), 1u);
}

TEST(Output, FifosAreWrittenTo) {
  Temporary directory;
  std::string path = directory.path("fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_TRUE(put(path, "abc"));
  char bytes[8];
  EXPECT_EQ(::read(reader, bytes, sizeof bytes), 3);
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(path));
}

// As under "> file": the file is somebody else's, and ours is the position.
TEST(Output, DescriptorsAreWrittenTo) {
  Temporary directory;
  std::string path = directory.write("file", "begun ");
  int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
  std::string name = "/dev/fd/" + std::to_string(fd);
  EXPECT_TRUE(isStream(name));
  EXPECT_TRUE(put(name, "more"));
  fs::create_symlink(name, directory.path("link"));
  EXPECT_TRUE(put(directory.path("link"), ", more"));
  ::close(fd);
  EXPECT_EQ(*readWhole(path, 100), "begun more, more");
  fd = ::open(path.c_str(), O_RDONLY);
  EXPECT_FALSE(checkOutput("/dev/fd/" + std::to_string(fd)));
  ::close(fd);
}

TEST(Output, StandardOutput) {
  for (const char *path : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
    EXPECT_TRUE(isStandardOutput(path)) << path;
  EXPECT_FALSE(isStandardOutput("/dev/stderr"));
  EXPECT_FALSE(isStandardOutput("out"));
}

TEST(Output, ExceptionsLeaveNothing) {
  Temporary directory;
  EXPECT_ANY_THROW((void)writeAtomically(directory.path("out"), [](const Append &) -> Status { throw 1; }));
  EXPECT_EQ(entriesOf(directory.directory()), 0u);
}

TEST(Output, SignalsLeaveNothing) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Temporary directory;
    pid_t child = ::fork();
    if (child == 0) {
      std::signal(signal, SIG_DFL);
      cleanUpOnSignals();
      fs::create_directories(directory.path("folder/inner"));
      directory.write("folder/inner/file", "x");
      TemporaryName folder(directory.path("folder"));
      (void)writeAtomically(directory.path("out"), [&](const Append &append) {
        (void)append("half", 4);
        ::raise(signal);
        return Status();
      });
      ::_exit(0);
    }
    int how = 0;
    ASSERT_EQ(::waitpid(child, &how, 0), child);
    EXPECT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == signal) << how;
    EXPECT_EQ(entriesOf(directory.directory()), 0u);
  }
}

} // namespace
