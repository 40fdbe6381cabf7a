// The assembler on every kernel of real models: BERT-base by its shapes, the
// golden cases with their adapters fused and separate (the low-rank part is then
// inside the contraction), and the translation model. Nothing may spill.
#include "frontends/common/Family.h"
#include "passes/Passes.h"
#include "passes/Pipelines/Phases.h"
#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/Generators.h"
#include "runtime/io/file.h"
#include "test/passes/Target/CUDA/Assembled.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

using namespace ptx;
using namespace ptx::test;
namespace fs = std::filesystem;

namespace {

const fs::path source = PTX_SOURCE;

/// What an entry may use, by what its kernels are: one of several kernels no more
/// than the largest of them. Registers per variant of assembledVariants.
struct Limit {
  const char *what;
  int shared; // bytes
  int registers[4];
};
constexpr Limit limits[] = {
    {"contract", 17408, {168, 146, 146, 146}},
    {"attention", 14464, {128, 96, 96, 96}},
    {"attention by chunks", 14464, {168, 168, 168, 168}},
    {"attention_chunk", 14464, {168, 168, 168, 168}},
    {"attention_join", 0, {32, 33, 33, 33}},
    {"attention of odd heads", 14464, {166, 166, 166, 166}},
    {"row_norm", 0, {32, 32, 32, 32}},
    {"gather", 0, {32, 32, 32, 32}},
    {"pool", 0, {40, 40, 40, 40}},
    {"append", 0, {32, 32, 32, 32}},
    {"greatest", 32, {32, 32, 32, 32}},
    {"map", 0, {32, 32, 32, 32}},
    {"fold", 0, {40, 48, 40, 40}},
    {"fold_norm", 0, {40, 48, 40, 40}},
};

const Limit &limitOf(rt::KernelOp kernel) {
  std::string what = xf::stringifySkeleton(kernel.getSkeleton()).str();
  bool attends = kernel.getSkeleton() == xf::Skeleton::Attention;
  if (attends && cuda::isOddHead(kernel.getHeadDim()))
    what += " of odd heads";
  else if (attends && kernel.getChunk())
    what += " by chunks";
  const Limit *limit = llvm::find_if(limits, [&](const Limit &row) { return row.what == what; });
  if (limit == std::end(limits))
    throw std::runtime_error("no limit is stored for " + what);
  return *limit;
}

template <typename T> T must(Result<T> result) {
  if (!result)
    throw std::runtime_error(result.error().message);
  return std::move(*result);
}

struct Model {
  std::string name;
  fs::path folder;
  std::map<std::string, fs::path> adapters;
};

std::vector<Model> models(const fs::path &bert) {
  std::vector<Model> all;
  for (const fs::directory_entry &entry : fs::directory_iterator(source / "test/numerics/golden/cases")) {
    nlohmann::json found = nlohmann::json::parse(must(readWhole((entry.path() / "case.json").string(), 1 << 20)));
    Model model{entry.path().filename().string(), entry.path() / found["model"].get<std::string>(), {}};
    for (const auto &[name, adapter] : found["adapters"].items())
      model.adapters[name] = entry.path() / adapter["dir"].get<std::string>();
    all.push_back(model);
  }
  fs::path translate = source / "examples/translate";
  all.push_back(
      {"translate", translate / "model", {{"da", translate / "adapters/da"}, {"ko", translate / "adapters/ko"}}});
  // Its file is as large as the real one's, and sparse: weights do not reach kernels.
  std::string make =
      "python3 " + (source / "test/driver/make_bert.py").string() + " " + bert.string() + " 12 768 30522";
  if (std::system(make.c_str()) != 0)
    throw std::runtime_error("make_bert.py failed");
  all.push_back({"BERT-base", bert, {}});
  llvm::sort(all, [](const Model &a, const Model &b) { return a.name < b.name; });
  return all;
}

/// The model after the phase `plan`.
mlir::OwningOpRef<mlir::ModuleOp> planned(mlir::MLIRContext &context, const Model &model, bool fuse) {
  frontends::ImportedModel imported =
      must(frontends::importModel(&context, model.folder.lexically_normal().string(), {}));
  for (const auto &[name, folder] : model.adapters)
    frontends::declareAdapter(
        *imported.module, imported.parameters,
        must(peft::readAdapter(name, folder.string(), frontends::adapterBase(imported, imported.parameters), {})));
  mlir::PassManager manager(&context);
  PhaseOptions options;
  options.fuse = fuse;
  for (size_t phase = 1; phase <= *findPhase("plan"); ++phase)
    phases()[phase].build(manager, options);
  if (failed(manager.run(*imported.module)))
    throw std::runtime_error(model.name + " could not be planned");
  return std::move(imported.module);
}

/// The distinct entries of all models in one module: most models share theirs.
class Entries {
public:
  explicit Entries(mlir::MLIRContext &context) : all(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context))) {}

  void add(mlir::ModuleOp model, const std::string &from) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(all->getBody());
    std::map<std::string, std::string> names; // there -> here
    for (auto kernel : model.getOps<rt::KernelOp>())
      names[kernel.getSymName().str()] = kernelLike(builder, kernel);
    for (auto entry : model.getOps<rt::EntryOp>()) {
      std::vector<std::string> members;
      llvm::SmallVector<mlir::Attribute> symbols;
      for (auto member : entry.getKernels().getAsRange<mlir::FlatSymbolRefAttr>()) {
        members.push_back(names.at(member.getValue().str()));
        symbols.push_back(mlir::FlatSymbolRefAttr::get(builder.getContext(), members.back()));
      }
      if (!sets.insert(members).second)
        continue;
      std::string name = "entry_" + std::to_string(sets.size());
      rt::EntryOp::create(builder, builder.getUnknownLoc(), name, builder.getArrayAttr(symbols));
      origins[name] = from + " " + llvm::join(members, " + ");
    }
  }

  mlir::ModuleOp module() { return *all; }
  const std::string &originOf(rt::EntryOp entry) const { return origins.at(entry.getSymName().str()); }

private:
  /// The name of the kernel that computes the same: it prints the same but for its name.
  std::string kernelLike(mlir::OpBuilder &builder, rt::KernelOp kernel) {
    mlir::OwningOpRef<rt::KernelOp> copy = kernel.clone();
    copy->setSymName("kernel");
    std::string text;
    llvm::raw_string_ostream(text) << **copy;
    auto [found, isNew] = kernels.try_emplace(text);
    if (isNew) {
      found->second = (xf::stringifySkeleton(kernel.getSkeleton()) + "_" + llvm::Twine(kernels.size())).str();
      copy->setSymName(found->second);
      builder.insert(copy.release());
    }
    return found->second;
  }

  mlir::OwningOpRef<mlir::ModuleOp> all;
  std::map<std::string, std::string> kernels; // text -> name
  std::set<std::vector<std::string>> sets;
  std::map<std::string, std::string> origins; // the model that an entry was first seen in
};

class ModelLimits : public testing::TestWithParam<size_t> {
protected:
  // All models are planned once.
  static void SetUpTestSuite() {
    mlir::DialectRegistry registry;
    registry.insert<xf::XfDialect, stage::StageDialect, rt::RtDialect>();
    cuda::registerKernelDialects(registry);
    context = new mlir::MLIRContext(registry, mlir::MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    entries = new Entries(*context);
    // A folder of its own: the chips' tests run side by side.
    fs::path bert = fs::path(testing::TempDir()) / ("ptx-limits-" + std::to_string(getpid()));
    for (const Model &model : models(bert)) {
      entries->add(*planned(*context, model, /*fuse=*/true), model.name);
      if (!model.adapters.empty())
        entries->add(*planned(*context, model, /*fuse=*/false), model.name + " separate");
    }
    fs::remove_all(bert);
  }
  static void TearDownTestSuite() {
    delete entries;
    delete context;
  }

  static mlir::MLIRContext *context;
  static Entries *entries;
};
mlir::MLIRContext *ModelLimits::context;
Entries *ModelLimits::entries;

TEST_P(ModelLimits, AreKept) {
  if (auto ptxas = cuda::findPtxas(""); !ptxas)
    GTEST_SKIP() << llvm::toString(ptxas.takeError());
  auto used = assembled(entries->module(), assembledVariants[GetParam()]);
  ASSERT_TRUE(bool(used)) << llvm::toString(used.takeError());
  mlir::SymbolTable symbols(entries->module());
  size_t count = 0;
  for (auto entry : entries->module().getOps<rt::EntryOp>()) {
    ++count;
    int registers = 0, shared = 0;
    for (auto member : entry.getKernels().getAsRange<mlir::FlatSymbolRefAttr>()) {
      const Limit &limit = limitOf(symbols.lookup<rt::KernelOp>(member.getAttr()));
      registers = std::max(registers, limit.registers[GetParam()]);
      shared = std::max(shared, limit.shared);
    }
    const Used &found = (*used)[entry.getSymName().str()];
    EXPECT_EQ(found.spilled, 0) << entries->originOf(entry);
    EXPECT_EQ(found.shared, shared) << entries->originOf(entry);
    EXPECT_GT(found.registers, 0) << entries->originOf(entry);
    EXPECT_LE(found.registers, registers) << entries->originOf(entry);
  }
  EXPECT_EQ(used->size(), count);
}

INSTANTIATE_TEST_SUITE_P(Chips, ModelLimits, testing::Range<size_t>(0, assembledVariants.size()),
                         [](const auto &info) { return assembledVariants[info.param]; });

} // namespace
