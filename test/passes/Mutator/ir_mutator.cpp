// Changes valid IR of each phase at random and runs it through every later
// phase. Nothing may crash or hang; what still compiles must mean the same
// before and after, and what is emitted must open.
//
// usage: ir_mutator SECONDS SEED KEEP DUMPS...
//   SEED:BATCH repeats one batch, under a debugger or valgrind.
//   DUMPS are directories of `ptx-compile --dump-phases-to`; KEEP gets the IR
//   of every finding, and of some mutants that compiled ("survivor-*").
#include "Mutate.h"
#include "dialects/xf/IR/XfFactors.h"

#include "passes/Interpreter/Interpreter.h"
#include "passes/Passes.h"
#include "passes/Pipelines/Phases.h"
#include "passes/Target/Artifact/Manifest.h"
#include "passes/Target/Target.h"
#include "runtime/core/manifest.h"
#include "runtime/io/file.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using namespace ptx;

namespace {

struct Seed {
  std::string name;
  size_t phase;
  std::string text;
  ParameterTable parameters;
};

/// What a child tells its parent, in memory that both see.
struct Shared {
  std::atomic<uint64_t> mutants, verified, compiled, compared, findings, survivors;
  char current[1 << 20]; // the mutant in work, for the case that it is the last
};

constexpr size_t batch = 200;              // mutants of one child
constexpr unsigned patience = 60;          // seconds for one mutant
constexpr int64_t interpretable = 1 << 14; // elements of a weight

//===- meaning -----------------------------------------------------------------===//

/// Numbers that follow from a name: the same before and after.
interp::Array noise(StringRef name, ArrayRef<int64_t> shape) {
  Random random(std::hash<std::string>()(name.str()));
  interp::Array array(shape);
  for (double &value : array.values)
    value = static_cast<double>(random() % 2001) / 1000.0 - 1.0;
  return array;
}

class Meaning {
public:
  explicit Meaning(ModuleOp module) {
    module.walk([&](xf::WeightOp weight) {
      auto type = cast<xf::WeightType>(weight.getType());
      shapes[weight.getSymName()] = SmallVector<int64_t>(type.getShape());
    });
    for (auto adapter : module.getOps<xf::AdapterOp>())
      for (auto delta : adapter.getBody().getOps<xf::DeltaOp>())
        deltas[(adapter.getSymName() + "/" + delta.getSite()).str()] = {
            static_cast<int64_t>(delta.getRank()), delta.getForm() == xf::Form::Embedding,
            delta.getScale().convertToDouble(), vectorsOf(delta)};
  }

  interp::Readers readers() {
    interp::Readers readers;
    readers.weight = [this](StringRef name) -> llvm::Expected<interp::Array> { return noise(name, shapes[name]); };
    readers.replacement = [this](StringRef adapter, StringRef site) -> llvm::Expected<interp::Array> {
      return noise((adapter + "/" + site).str(), shapes[site]);
    };
    readers.factors = [this](StringRef adapter, StringRef site) -> llvm::Expected<interp::Factors> {
      std::string key = (adapter + "/" + site).str();
      const Delta &delta = deltas[key];
      SmallVector<int64_t> shape = shapes[site];
      int64_t out = shape[delta.embedding ? 1 : 0], in = shape[delta.embedding ? 0 : 1];
      interp::Factors factors;
      factors.a = noise(key + "/a", {delta.rank, in});
      factors.b = noise(key + "/b", {out, delta.rank});
      factors.scale = delta.scale;
      factors.embedding = delta.embedding;
      for (xf::Factor factor : delta.vectors)
        factors.vectors[factor] =
            noise(key + "/" + xf::stringifyEnum(factor).str(), {xf::infoOf(factor).isOfInputs ? in : out});
      return factors;
    };
    return readers;
  }

private:
  struct Delta {
    int64_t rank;
    bool embedding;
    double scale;
    SmallVector<xf::Factor> vectors;
  };
  static SmallVector<xf::Factor> vectorsOf(xf::DeltaOp delta) {
    SmallVector<xf::Factor> vectors;
    for (const xf::FactorInfo &info : xf::factorTable)
      if (delta.has(info.factor))
        vectors.push_back(info.factor);
    return vectors;
  }

  llvm::StringMap<SmallVector<int64_t>> shapes;
  llvm::StringMap<Delta> deltas;
};

/// Whether the oracle can hold all values of the module.
bool isSmall(ModuleOp module) {
  bool small = true;
  auto look = [&](Type type) {
    int64_t elements = 0;
    if (auto weight = dyn_cast<xf::WeightType>(type))
      elements = interp::Array::product(weight.getShape().take_front(1)) *
                 (weight.getShape().size() > 1 ? weight.getShape()[1] : 1);
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      elements = tensor.getRank() && !tensor.isDynamicDim(tensor.getRank() - 1) ? tensor.getShape().back() : 0;
    small &= elements <= interpretable;
  };
  module.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), look);
    if (auto weight = dyn_cast<xf::WeightOp>(op))
      look(weight.getType());
    if (auto delta = dyn_cast<xf::DeltaOp>(op))
      small &= delta.getRank() <= 64;
  });
  return small;
}

using Meanings = std::map<std::string, interp::Outputs>;

/// The outputs of every function with every adapter and without one, as far
/// as the module gives any. Adapters mean nothing before they are attached.
Meanings meaningsOf(ModuleOp module, size_t phase) {
  Meaning meaning(module);
  std::vector<std::string> adapters = {""};
  if (phase >= *findPhase("adapt"))
    for (auto adapter : module.getOps<xf::AdapterOp>())
      adapters.push_back(adapter.getSymName().str());
  Meanings meanings;
  for (auto function : module.getOps<xf::FunctionOp>()) {
    interp::Inputs inputs;
    for (auto input : function.getBody().getOps<xf::InputOp>()) {
      int64_t length =
          3 + static_cast<int64_t>(input.getDims().size() > 1 ? input.getDims()[1] != input.getDims()[0] : 0);
      interp::Integers values({2, length});
      Random random(std::hash<std::string>()(input.getName().str()));
      int64_t limit = input.getLimit() ? static_cast<int64_t>(*input.getLimit()) : 2;
      for (int64_t &value : values.values)
        value = static_cast<int64_t>(random() % static_cast<uint64_t>(std::min<int64_t>(limit, 1000)));
      inputs[input.getName().str()] = values;
    }
    for (const std::string &adapter : adapters) {
      interp::Interpreter interpreter(module, meaning.readers(), adapter);
      FailureOr<interp::Outputs> outputs = interpreter.call(function.getSymName(), inputs);
      if (succeeded(outputs))
        meanings[function.getSymName().str() + " with '" + adapter + "'"] = *outputs;
    }
  }
  return meanings;
}

/// Empty where the two agree. What one way refuses the other may compute.
std::string difference(const Meanings &before, const Meanings &after) {
  for (const auto &[name, outputs] : before) {
    auto found = after.find(name);
    if (found == after.end())
      continue;
    if (outputs.size() != found->second.size())
      return name + " has other outputs";
    for (const auto &[output, a] : outputs) {
      auto other = found->second.find(output);
      if (other == found->second.end() || other->second.values.size() != a.values.size())
        return name + ": '" + output + "' is gone or of another shape";
      for (size_t i = 0; i < a.values.size(); ++i) {
        double x = a.values[i], y = other->second.values[i];
        if (std::isfinite(x) && !(std::abs(x - y) <= 1e-5 * (1 + std::abs(x))))
          return name + ": '" + output + "' is " + std::to_string(y) + ", expected " + std::to_string(x);
      }
    }
  }
  return "";
}

//===- one mutant --------------------------------------------------------------===//

class Child {
public:
  Child(Shared &shared, std::string keep) : shared(shared), keep(std::move(keep)) {
    registry.insert<xf::XfDialect, stage::StageDialect, rt::RtDialect>();
    for (const Target *target : targets())
      target->registerDialects(registry);
  }

  /// Whether the IR, as it is, parses and compiles: a seed must.
  bool run(const Seed &seed, const std::string &text, bool survives) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) { last = diagnostic.str(); });
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return false;
    ++shared.verified;
    bool compare = isSmall(*module) && seed.phase <= *findPhase("merge");
    Meanings before = compare ? meaningsOf(*module, seed.phase) : Meanings();
    bool separate = false;
    module->walk([&](xf::LoraLinearOp) { separate = true; });
    for (size_t phase = seed.phase + 1; phase <= *findPhase("plan"); ++phase) {
      PassManager pm(&context);
      buildPhase(pm, phase, {/*fuse=*/!separate && shared.mutants % 2 == 0});
      if (failed(pm.run(*module)))
        return false;
      if (phase == *findPhase("merge") && compare) {
        std::string wrong = difference(before, meaningsOf(*module, phase));
        ++shared.compared;
        if (!wrong.empty())
          found("other-results", text, wrong);
      }
    }
    if (!emits(*module, seed))
      return false;
    ++shared.compiled;
    if (survives && shared.survivors < 400)
      save("survivor-" + std::to_string(shared.survivors++) + "-" + phases()[seed.phase].name.str(), text);
    return true;
  }

  std::string last; // diagnostic

private:
  /// The artifact's manifest, as the runtime reads it, and the kernels.
  bool emits(ModuleOp module, const Seed &seed) {
    ManifestOptions options;
    options.modelType = "mutant";
    options.targets = {findTarget("cpu")};
    options.directory = "/";
    for (const TargetFlag &flag : options.targets[0]->flags())
      options.targetFlags[flag.name.str()] = flag.otherwise.str();
    Result<std::string> manifest = writeManifest(module, seed.parameters, options);
    if (!manifest || !readManifest(*manifest, "mutant"))
      return false;
    return static_cast<bool>(options.targets[0]->generate(module, "avx2"));
  }

  void found(const std::string &what, const std::string &text, const std::string &why) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), why.c_str());
    save(what + "-" + std::to_string(shared.findings++), text);
  }

  void save(const std::string &name, const std::string &text) { std::ofstream(keep + "/" + name + ".mlir") << text; }

  Shared &shared;
  std::string keep;
  DialectRegistry registry;
};

/// Every dump up to the plan, without locations.
std::vector<Seed> readSeeds(const std::vector<std::string> &directories) {
  std::vector<Seed> seeds;
  for (const std::string &directory : directories)
    for (size_t phase = 0; phase <= *findPhase("plan"); ++phase) {
      std::string path = directory + "/0" + std::to_string(phase) + "-" + phases()[phase].name.str() + ".mlir";
      Result<std::string> text = readWhole(path, 16u << 20);
      Result<ParameterTable> parameters = readParameterTable(directory + "/parameters.json");
      if (!text || !parameters) {
        std::fprintf(stderr, "%s\n", (!text ? text.error() : parameters.error()).message.c_str());
        std::exit(1);
      }
      MLIRContext context;
      DialectRegistry registry;
      registry.insert<xf::XfDialect, stage::StageDialect, rt::RtDialect>();
      context.appendDialectRegistry(registry);
      OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(*text, &context);
      std::string printed;
      llvm::raw_string_ostream stream(printed);
      module->print(stream);
      seeds.push_back({path, phase, printed, *parameters});
    }
  return seeds;
}

void work(const std::vector<Seed> &seeds, uint64_t number, Shared &shared, const std::string &keep, int deadline) {
  Random random(number);
  Child child(shared, keep);
  auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < batch; ++i) {
    const Seed &seed = seeds[random() % seeds.size()];
    std::string text = mutate(seed.text, random);
    std::strncpy(shared.current, text.c_str(), sizeof shared.current - 1);
    ++shared.mutants;
    alarm(patience);
    child.run(seed, text, /*survives=*/i % 8 == 0);
    if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(deadline))
      break;
  }
}

/// A child for a batch; whether it ended as it should.
bool runBatch(const std::vector<Seed> &seeds, uint64_t number, Shared &shared, const std::string &keep, int deadline) {
  pid_t pid = fork();
  if (pid == 0) {
    rlimit memory{6ull << 30, 6ull << 30};
    setrlimit(RLIMIT_AS, &memory);
    work(seeds, number, shared, keep, deadline);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return true;
  std::string name = "crash-" + std::to_string(number);
  std::fprintf(stderr, "%s: status %d of batch %llu\n", name.c_str(), status, static_cast<unsigned long long>(number));
  std::ofstream(keep + "/" + name + ".mlir") << shared.current;
  ++shared.findings;
  return false;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: ir_mutator SECONDS SEED KEEP DUMPS...\n");
    return 2;
  }
  int seconds = std::atoi(argv[1]);
  uint64_t number = std::strtoull(argv[2], nullptr, 10) * 1000000;
  std::string keep = argv[3];
  std::filesystem::create_directories(keep);
  registerAllTargets();
  std::vector<Seed> seeds = readSeeds({argv + 4, argv + argc});
  auto *shared =
      new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared();
  std::fprintf(stderr, "%zu seeds, seed %s\n", seeds.size(), argv[2]);
  if (const char *one = std::strchr(argv[2], ':')) {
    work(seeds, number + std::strtoull(one + 1, nullptr, 10), *shared, keep, seconds);
    return 0;
  }
  for (const Seed &seed : seeds) { // what is not mutated compiles
    Child child(*shared, keep);
    if (!child.run(seed, seed.text, false)) {
      std::fprintf(stderr, "%s does not compile: %s\n", seed.name.c_str(), child.last.c_str());
      return 1;
    }
  }
  auto begin = std::chrono::steady_clock::now();
  auto left = [&] {
    auto spent = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
    return seconds - static_cast<int>(spent);
  };
  while (left() > 0)
    runBatch(seeds, number++, *shared, keep, left());
  std::printf("%llu mutants, %llu verified, %llu compiled, %llu compared with the oracle, %llu findings\n",
              static_cast<unsigned long long>(shared->mutants), static_cast<unsigned long long>(shared->verified),
              static_cast<unsigned long long>(shared->compiled), static_cast<unsigned long long>(shared->compared),
              static_cast<unsigned long long>(shared->findings));
  return shared->findings ? 1 : 0;
}
