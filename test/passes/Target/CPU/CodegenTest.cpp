// The shared object and the worker that makes it.
#include "test/passes/Target/CPU/KernelHarness.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

using namespace ptx;
using namespace ptx::cpu;
using namespace ptx::test;

namespace {
constexpr const char *misbehave = "PTX_TEST_WORKER"; // what this program's worker does instead of its work

std::string run(const std::string &command) {
  std::string output;
  // NOLINTNEXTLINE(bugprone-command-processor): fixed commands of this test
  FILE *pipe = popen(command.c_str(), "r");
  for (int c = 0; (c = fgetc(pipe)) != EOF;)
    output += static_cast<char>(c);
  pclose(pipe);
  return output;
}

std::string someKernels() {
  return contractKernel("some_contract", "gelu") + attentionKernel("some_attention", {36, true}) +
         normKernel("some_norm", 0, 1e-5) + mapKernel("some_map", "tanh");
}

std::string failureOf(const std::string &text, const WorkerOptions &options = {}) {
  auto made = compileKernels(text, Level::Avx2, options);
  return made ? "" : llvm::toString(made.takeError());
}

void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}

// On every processor for every level: loading is not running. Nothing is
// undefined, so nothing is loaded with it; kernels alone are
// exported.
TEST(SharedObject, ExportsKernelsAndNeedsNothing) {
  for (const LevelInfo &level : allLevels()) {
    Library library(someKernels(), level.level);
    std::string path = testing::TempDir() + "/kernels-" + level.name.str() + ".so";
    std::ofstream(path, std::ios::binary).write(library.image().data(), library.image().size());
    EXPECT_EQ(run(std::string(PTX_LLVM_BIN) + "/llvm-nm -D --undefined-only " + path + " 2>/dev/null"), "");
    EXPECT_EQ(run(std::string(PTX_LLVM_BIN) + "/llvm-nm -D --defined-only -j " + path),
              "some_attention\nsome_contract\nsome_map\nsome_norm\n");
    EXPECT_EQ(run(std::string(PTX_LLVM_BIN) + "/llvm-readelf -d " + path + " | grep NEEDED"), "");
    unlink(path.c_str());
  }
}

// Equal kernels give equal bytes, and nothing of this machine's paths.
TEST(SharedObject, IsReproducible) {
  Library first(someKernels(), Level::Avx2), second(someKernels(), Level::Avx2);
  EXPECT_EQ(first.image(), second.image());
  std::string bytes(first.image().begin(), first.image().end());
  EXPECT_EQ(bytes.find("/tmp"), std::string::npos);
  EXPECT_EQ(bytes.find("ptx-codegen"), std::string::npos);
}

TEST(Worker, LevelsCompileSideBySide) {
  std::vector<std::unique_ptr<Library>> made(2);
  std::thread other([&] { made[0] = std::make_unique<Library>(someKernels(), Level::Avx2); });
  made[1] = std::make_unique<Library>(someKernels(), Level::Avx512);
  other.join();
  EXPECT_NE(made[0]->image(), made[1]->image());
}

TEST(Worker, CrashIsAnError) {
  setenv(misbehave, "abort", 1);
  std::string error = failureOf(someKernels());
  unsetenv(misbehave);
  expectContains(error, "crashed, compiling 'some_contract', 'some_attention'");
  expectContains(error, "about to end");
}

TEST(Worker, TimeoutIsAnError) {
  setenv(misbehave, "sleep", 1);
  WorkerOptions options;
  options.seconds = 1;
  std::string error = failureOf(someKernels(), options);
  unsetenv(misbehave);
  expectContains(error, "after 1 s, compiling 'some_contract'");
}

TEST(Worker, MissingProgramIsAnError) {
  WorkerOptions options;
  options.program = "/nonexistent/ptx";
  expectContains(failureOf(someKernels(), options), "could not be started (");
}

int workerMain(int argc, char **argv) {
  std::string how = getenv(misbehave) ? getenv(misbehave) : "";
  if (how == "abort") {
    std::fprintf(stderr, "about to end\n");
    std::abort();
  }
  if (how == "sleep")
    sleep(30);
  return codegenWorkerMain(argc, argv);
}
} // namespace

int main(int argc, char **argv) {
  registerAllTargets();
  if (isCodegenWorker(argc, argv))
    return workerMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
