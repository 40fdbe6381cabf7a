#include "test/passes/Target/Emulator/KernelRun.h"
#include "passes/Target/Emulator/Retarget.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace llvm;
using namespace ptx;
using namespace ptx::emulator;

std::string ptx::test::readKernel(const std::string &file) {
  std::ifstream stream(PTX_KERNELS "/" + file);
  EXPECT_TRUE(stream.good()) << file;
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string ptx::test::edited(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "no '" << from << "'";
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

static std::unique_ptr<TargetMachine> makeDeviceMachine() {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  Triple triple("nvptx64-nvidia-cuda");
  std::string why;
  const Target *target = TargetRegistry::lookupTarget(triple, why);
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(triple, "sm_80", "+ptx80", {}, std::nullopt,
                                                                    std::nullopt, CodeGenOptLevel::Aggressive));
}

// What the NVPTX side does before it generates code.
static void optimise(Module &module) {
  auto machine = makeDeviceMachine();
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cycles;
  ModuleAnalysisManager modules;
  PassBuilder builder(machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
}

Expected<std::vector<char>> ptx::test::compileText(const std::string &text) {
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseAssemblyString(text, diagnostic, context);
  if (!module)
    return createStringError("line " + Twine(diagnostic.getLineNo()) + ": " + diagnostic.getMessage());
  optimise(*module);
  if (llvm::Error error = retargetToHost(*module))
    return error;
  std::string why;
  raw_string_ostream stream(why);
  if (verifyModule(*module, &stream))
    return createStringError("the retargeted module does not verify: " + why);
  return compileToHost(*module);
}

Code ptx::test::loadText(const std::string &text) {
  auto object = compileText(text);
  EXPECT_TRUE(bool(object)) << (object ? "" : toString(object.takeError()));
  auto code = Emulator::load({object->data(), object->size()});
  EXPECT_TRUE(bool(code)) << (code ? "" : code.error().message);
  return std::move(*code);
}

std::vector<uint64_t> ptx::test::allSeeds() { return {0, 1, 2, 3, 4, 5, 6, 7, 8}; }

ptx::test::Bench::Bench(const Options &options) : machine(Emulator::create(options)) {
  EXPECT_TRUE(bool(machine)) << (machine ? "" : machine.error().message);
}

uint64_t ptx::test::Bench::input(const char *name, const std::vector<float> &values) {
  uint64_t bytes = values.size() * sizeof(float);
  uint64_t address = *machine->allocate(bytes, name);
  EXPECT_TRUE(bool(machine->upload(address, values.data(), bytes)));
  ranges.push_back({address, 1, bytes, bytes, false, name});
  return address;
}

uint64_t ptx::test::Bench::output(const char *name, size_t count) {
  uint64_t bytes = count * sizeof(float);
  uint64_t address = *machine->allocate(bytes, name);
  ranges.push_back({address, 1, bytes, bytes, true, name});
  return address;
}

std::vector<float> ptx::test::Bench::values(uint64_t address, size_t count) {
  std::vector<float> values(count);
  Status got = machine->download(values.data(), address, count * sizeof(float));
  EXPECT_TRUE(bool(got)) << (got ? "" : got.error().message);
  return values;
}

std::string ptx::test::Bench::run(const Code &code, const std::string &kernel, std::vector<uint64_t> params,
                                  std::vector<uint32_t> blocks, std::vector<uint32_t> threads, uint32_t sharedBytes) {
  auto found = code.find(kernel);
  if (!found)
    return found.error().message;
  Grid grid;
  grid.label = "test";
  grid.kernel = *found;
  grid.params = std::move(params);
  std::copy(blocks.begin(), blocks.end(), grid.blocks);
  std::copy(threads.begin(), threads.end(), grid.threads);
  grid.sharedBytes = sharedBytes;
  grid.ranges = ranges;
  Status ran = machine->launch(grid);
  return ran ? "" : ran.error().message;
}

void ptx::test::expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}
