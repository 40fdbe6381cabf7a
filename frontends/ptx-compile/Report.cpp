#include "frontends/ptx-compile/Report.h"

#include "dialects/rt/IR/RtDialect.h"
#include "passes/Analysis/Waves.h"
#include "passes/Conversion/StageToRt/Ranks.h"
#include "runtime/io/output.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <filesystem>
#include <sys/resource.h>

using namespace mlir;

namespace ptx {

double Report::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Report::step(const std::string &what) { llvm::errs() << llvm::format("[%6.2f s] ", seconds()) << what << "\n"; }

double peakMemory(bool workers) {
  rusage usage;
  getrusage(workers ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void Report::written(const std::string &path) {
  std::error_code error;
  uint64_t bytes = isStream(path) ? 0 : std::filesystem::file_size(path, error);
  step("wrote '" + path + "'" + (bytes && !error ? ", " + std::to_string(bytes) + " bytes" : ""));
  llvm::errs() << llvm::format("peak memory %.0f MiB, of the code generation workers %.0f MiB\n", peakMemory(false),
                               peakMemory(true));
  if (bytes)
    llvm::errs() << "run it: ptx-run " << path << " --list\n";
}

static std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (uint64_t dim : shape)
    text += (text.size() > 1 ? "," : "") + std::to_string(dim);
  return text + "]";
}

/// What weights and bindings take, without padding and factors, in megabytes.
static void explainMemory(ModuleOp module, llvm::raw_ostream &out) {
  double base = 0, folded = 0;
  for (auto parameter : module.getOps<xf::ParameterOp>()) {
    bool fold = static_cast<bool>(rt::foldOf(parameter));
    auto type = cast<xf::PackedType>(parameter.getType());
    if (type.getRows() > 0 && type.getColumns() > 0)
      (fold ? folded : base) +=
          static_cast<double>(type.getRows() * type.getColumns() *
                              static_cast<int64_t>(dtypeBits(rt::dtypeOf(type.getElementType())) / 8)) /
          1e6;
  }
  out << llvm::format("memory    the weights packed %.1f MB\n", base);
  if (folded > 0)
    out << llvm::format(
        "memory    a binding of an adapter for every place above %.1f MB, written once when it is made; the "
        "memory of the last one released is kept for the next\n",
        folded);
}

static void explainLaunches(StringRef table, Block &block, llvm::raw_ostream &out) {
  for (auto launch : block.getOps<rt::LaunchOp>())
    for (auto problem : launch.getBody().front().getOps<rt::ProblemOp>())
      out << "launch    " << table << "  " << problem.getLabel() << "  " << problem.getKernel() << " over "
          << rt::stringifyEnum(problem.getOver()) << " x " << problem.getColumns() << ", " << problem.getFlops()
          << " flops each\n";
}

void explain(ModuleOp module, const ParameterTable &table) {
  llvm::raw_ostream &out = llvm::outs();
  for (const auto &[name, tensor] : table.weights)
    out << "weight    " << name << "  " << dtypeName(tensor.dtype) << " " << shapeText(tensor.shape) << "  from '"
        << tensor.name << "' of " << tensor.file << "\n";
  for (const auto &[adapter, sites] : table.adapters)
    for (const auto &[site, delta] : sites)
      out << "adapter   " << adapter << "  " << site << "  A " << shapeText(delta.a.shape) << " B "
          << shapeText(delta.b.shape) << "\n";
  for (auto parameter : module.getOps<xf::ParameterOp>()) {
    bool swapped = false;
    parameter.walk([&](Operation *op) { swapped |= isa<xf::SlotOp, xf::ReplacedOp, stage::FoldOpInterface>(op); });
    out << "parameter " << parameter.getSymName() << "  " << parameter.getType()
        << (swapped ? "  changes with the adapter" : "") << "\n";
  }
  explainMemory(module, out);
  for (auto deploy : module.getOps<rt::DeployOp>())
    explainLaunches("(deploy)", deploy.getBody().front(), out);
  for (auto program : module.getOps<rt::ProgramOp>())
    explainLaunches(program.getSymName(), program.getBody().front(), out);
}

void explainBundle(const BundlePlan &plan) {
  auto megabytes = [](uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  llvm::outs() << llvm::format("bundle    the packed base %.1f MB, which processes share\n",
                               megabytes(plan.packedBytes))
               << llvm::format("bundle    pristine copies of what adapters replace or change %.1f MB, adapters' own "
                               "tensors %.1f MB: read when an adapter is bound\n",
                               megabytes(plan.pristineBytes), megabytes(plan.adapterBytes));
  if (plan.adapterBytes)
    llvm::outs() << "bundle    merged weights are each process's own: a binding, above\n";
}

//===----------------------------------------------------------------------===//
// Waves
//===----------------------------------------------------------------------===//

/// "12288 + 288 K": a row that attends to K keys.
static std::string flopsText(const Flops &flops) {
  std::string text = std::to_string(flops.perRow);
  return flops.perRowAndKey ? text + " + " + std::to_string(flops.perRowAndKey) + " K" : text;
}

static void printWave(llvm::raw_ostream &out, const std::string &number, const WaveCost &cost) {
  out << llvm::format("%6s  %6zu -> %-6zu", number.c_str(), cost.launchesAlone, cost.launchesTogether)
      << llvm::formatv("{0,-22}", flopsText(cost.sum)) << llvm::formatv("{0,-22}", flopsText(cost.longest));
  llvm::interleaveComma(cost.layers, out);
  if (!cost.wave)
    out << "outside of layers";
  out << "\n";
}

static void printWaveTable(llvm::raw_ostream &out, StringRef function, ArrayRef<WaveCost> costs) {
  out << "waves of " << function << "\n"
      << "  wave  launches alone -> together; flops a row: all, longest layer; layers\n";
  size_t waves = 0, alone = 0, together = 0;
  Flops sum, longest;
  for (const WaveCost &cost : costs) {
    printWave(out, cost.wave ? std::to_string(++waves) : "-", cost);
    alone += cost.launchesAlone;
    together += cost.launchesTogether;
    sum += cost.sum;
    longest += cost.longest;
  }
  out << "total " << function << ": waves " << waves << ", launches layer by layer " << alone << " -> in waves "
      << together << "\n"
      << "predicted gain: " << alone - together << " launches fewer; critical path " << flopsText(longest) << " of "
      << flopsText(sum) << " flops a row\n";
}

std::string waveTables(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (auto function : module.getOps<xf::FunctionOp>())
    printWaveTable(out, function.getSymName(), analyzeWaves(module, function));
  out << "assumed: every layer has as many rows; the layers of a wave run side by side whole, so the critical path is "
         "reached only where one layer leaves room for the other; flops are of contractions and of attention to K "
         "keys, without adapters kept separate\n";
  return text;
}

} // namespace ptx
