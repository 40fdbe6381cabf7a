// A target is one row: registered here, beside those that ptx comes with, it has
// its part in the command line, the worker, the phases and the artifact.
#include "frontends/ptx-compile/Compiler.h"
#include "passes/Passes.h"
#include "passes/Target/Worker.h"
#include "test/passes/Target/KernelTexts.h"
#include "test/passes/Target/Toy/ToyTarget.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace ptx;
using namespace ptx::test;

namespace {

mlir::DialectRegistry &dialects() {
  static mlir::DialectRegistry registry = [] {
    mlir::DialectRegistry made;
    made.insert<xf::XfDialect, stage::StageDialect, rt::RtDialect>();
    for (const Target *target : targets())
      target->registerDialects(made);
    return made;
  }();
  return registry;
}

std::optional<CompileOptions> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "ptx-compile");
  std::vector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  int exitCode = 0;
  return parseCommandLine(static_cast<int>(argv.size()), argv.data(), exitCode);
}

/// What ptx-compile does with a golden model and these words.
std::string compile(std::vector<std::string> words) {
  words.insert(words.begin(), PTX_GOLDEN "/bert_bare/model");
  std::optional<CompileOptions> options = parse(words);
  if (!options)
    return "the command line was refused";
  mlir::MLIRContext context(dialects());
  context.loadAllAvailableDialects();
  Status status = Compiler(&context, *options).run();
  return status ? "" : status.error().message;
}

std::string temporary(const std::string &name) { return testing::TempDir() + "/ptx-toy-" + name; }

// The name, the variants and the flag are the command line's.
TEST(Toy, IsParsed) {
  auto options = parse({"model", "-o", "out", "--target=toy:large+small,cpu", "--toy-greeting=hi"});
  ASSERT_TRUE(options);
  ASSERT_EQ(options->targets.size(), 2u);
  EXPECT_EQ(options->targets[0].target, &toy::target());
  EXPECT_EQ(options->targets[0].variants, (std::vector<std::string>{"large", "small"}));
  EXPECT_EQ(options->targetFlags.at("toy-greeting"), "hi");
  EXPECT_EQ(parse({"model", "-o", "out"})->targetFlags.at("toy-greeting"), "hello");
}

// Its own words refuse what it does not know, and messages name it.
TEST(Toy, RefusesInItsOwnWords) {
  testing::internal::CaptureStderr();
  EXPECT_FALSE(parse({"model", "-o", "out", "--target=toy:middle"}));
  EXPECT_FALSE(parse({"model", "-o", "out", "--target=tay"}));
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("--target='toy:middle': 'middle' is neither small nor large"), std::string::npos) << said;
  EXPECT_NE(said.find("the targets are cpu, cuda, emulator, reference, toy"), std::string::npos) << said;
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse({"--help"}));
  std::string help = testing::internal::GetCapturedStdout();
  EXPECT_NE(help.find("toy[:small+large]: lines of text"), std::string::npos) << help;
  EXPECT_NE(help.find("--toy-greeting"), std::string::npos) << help;
}

// A target multiplies in f32 unless it says more.
TEST(Toy, MultipliesInF32) {
  std::string said = compile({"-o", temporary("narrow"), "--target=toy", "--dtype=bf16"});
  EXPECT_NE(said.find("target 'toy' multiplies in f32 only; the model is in bf16 (--dtype)"), std::string::npos)
      << said;
}

// This program, started again, makes its code.
TEST(Toy, CompilesInAWorker) {
  mlir::MLIRContext context(dialects(), mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      contractKernel("a", "relu") + mapKernel("b", "") + entryOf("one", {"a"}) + entryOf("two", {"a", "b"}), &context);
  ASSERT_TRUE(bool(module));
  auto code = compileInWorker(*module, toy::target(), "large", {{"toy-greeting", "hi"}});
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  EXPECT_EQ(code->bytes, "hi large\none of 1\ntwo of 2\n");
  EXPECT_EQ(code->notes, "toy large\n");
}

// The artifact has its payloads, its geometry, and what it keeps about kernels.
TEST(Toy, IsInTheArtifact) {
  std::string path = temporary("artifact.ptxm");
  ASSERT_EQ(compile({"-o", path, "--target=toy:small+large", "--toy-greeting=good day"}), "");
  Result<Container> container = Container::open(path);
  ASSERT_TRUE(bool(container));
  const std::string *small = container->find("toy/small"), *large = container->find("toy/large");
  ASSERT_TRUE(small && large);
  EXPECT_EQ(small->substr(0, 15), "good day small\n");
  EXPECT_EQ(large->substr(0, 15), "good day large\n");
  auto manifest = nlohmann::json::parse(*container->find("manifest"));
  auto mine = manifest["targets"][0];
  EXPECT_EQ(mine["name"], "toy");
  EXPECT_EQ(mine["geometry"],
            (nlohmann::json{{"matrix", "rows"}, {"lanes", 8}, {"odd_pitch", true}, {"block_rows", 5}}));
  ASSERT_EQ(mine["kernels"].size(), manifest["kernels"].size());
  for (size_t i = 0; i < mine["kernels"].size(); ++i)
    EXPECT_EQ(mine["kernels"][i]["toy_words"], manifest["kernels"][i]["words"].size());
  ASSERT_EQ(mine["entries"].size(), manifest["entries"].size());
  for (size_t i = 0; i < mine["entries"].size(); ++i)
    EXPECT_EQ(mine["entries"][i]["toy_members"], manifest["entries"][i]["kernels"].size());
  std::filesystem::remove(path);
}

// The kernel phase shows what it generates.
TEST(Toy, HasAKernelPhase) {
  std::string path = temporary("kernels.mlir");
  ASSERT_EQ(compile({"-o", path, "--target=toy", "--compile-to=kernel"}), "");
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_NE(text.str().find("rt.entry @"), std::string::npos);
  EXPECT_EQ(text.str().find("rt.program"), std::string::npos);
  std::filesystem::remove(path);
}
} // namespace

int main(int argc, char **argv) {
  registerAllTargets();
  registerTarget(toy::target());
  if (isCodegenWorker(argc, argv))
    return codegenWorkerMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
