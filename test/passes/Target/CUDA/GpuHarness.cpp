#include "test/passes/Target/CUDA/GpuHarness.h"

#include "passes/Target/CUDA/Codegen.h"
#include "passes/Target/CUDA/KernelModule.h"
#include "passes/Target/Emulator/Retarget.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace ptx;
using namespace ptx::test;

namespace {

[[noreturn]] void stop(const std::string &why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

template <typename T> T must(llvm::Expected<T> value) {
  if (!value)
    stop(llvm::toString(value.takeError()));
  return std::move(*value);
}

template <typename T> T must(Result<T> value) {
  if (!value)
    stop(value.error().message);
  return std::move(*value);
}

void must(const Status &status) {
  if (!status)
    stop(status.error().message);
}

/// The way of the emulator target, with room for an edit.
emulator::Code compile(mlir::ModuleOp module, Edit edit) {
  mlir::OwningOpRef<mlir::ModuleOp> generated = cuda::generateKernels(module);
  if (edit)
    edit(*generated);
  if (failed(mlir::verify(*generated)) || failed(cuda::lowerToNVVM(*generated)))
    stop("the kernels could not be lowered");
  llvm::LLVMContext context;
  auto optimised = must(cuda::optimisedModule(*generated, *cuda::findChip("sm_80"), context));
  if (llvm::Error error = emulator::retargetToHost(*optimised))
    stop(llvm::toString(std::move(error)));
  std::vector<char> object = must(emulator::compileToHost(*optimised));
  return must(emulator::Emulator::load({object.data(), object.size()}));
}

/// What a target writes about kernels and entries, as the runtime reads it.
struct Info {
  std::deque<std::string> names;
  std::deque<std::vector<ptx_metadata>> metadata;
  std::deque<std::vector<uint32_t>> members;
  std::vector<ptx_kernel_info> rows;

  void add(llvm::StringRef name, const Metadata &described, std::vector<uint32_t> inside, uint32_t words) {
    names.push_back(name.str());
    auto &list = metadata.emplace_back();
    for (const auto &[key, value] : described)
      list.push_back({names.emplace_back(key).c_str(), value});
    auto &kept = members.emplace_back(std::move(inside));
    rows.push_back({names[names.size() - 1 - described.size()].c_str(), list.data(), list.size(), kept.data(),
                    kept.size(), words});
  }
};

} // namespace

bool ptx::test::takesExtras(const std::string &region) { return region == "bias" || region == "residual"; }

std::string ptx::test::withEntries(const std::string &text, const std::vector<std::string> &kernels) {
  std::string all = text;
  for (const std::string &kernel : kernels)
    all += entryOf("entry_" + kernel, {kernel});
  return all;
}

GpuKernels::GpuKernels(const std::string &text, Edit edit) {
  mlir::DialectRegistry registry;
  cuda::registerKernelDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    stop("the kernel text does not parse");
  Info kernelInfo, entryInfo;
  for (auto kernel : module->getOps<rt::KernelOp>()) {
    words::Signature signature = kernel.getSignature();
    kernelInfo.add(kernel.getSymName(), cuda::describeKernel(kernel), {}, static_cast<uint32_t>(signature.size()));
    kernels[kernel.getSymName().str()] = {static_cast<uint32_t>(kernels.size()), signature};
  }
  for (auto entry : module->getOps<rt::EntryOp>()) {
    std::vector<uint32_t> members;
    for (auto member : entry.getKernels().getAsRange<mlir::FlatSymbolRefAttr>())
      members.push_back(kernels.at(member.getValue().str()).index);
    entryInfo.add(entry.getSymName(), cuda::describeEntry(entry), std::move(members), 0);
  }
  rules = must(GridRules::read(kernelInfo.rows, entryInfo.rows));
  code.emplace(compile(*module, edit));
}

//===- problems ------------------------------------------------------------===//

uint64_t GpuProblem::upload(const void *values, size_t bytes, const std::string &name) {
  uint64_t address = must(machine->allocate(std::max<size_t>(bytes, 16), name));
  must(machine->upload(address, values, bytes));
  return address;
}

void GpuProblem::set(const std::string &name, uint64_t value) {
  for (size_t i = 0; i < words.size(); ++i)
    if (kernel->signature[i].name == name)
      words[i] = value;
}

static uint64_t bytesOf(int64_t floats) { return static_cast<uint64_t>(floats) * sizeof(float); }

GpuProblem &GpuProblem::in(const std::string &name, const Floats &values, int64_t rows, int64_t width, int64_t pitch) {
  uint64_t address = upload(values.data(), bytesOf(rows * pitch), name);
  set(name, address);
  set(name + "_pitch", static_cast<uint64_t>(pitch));
  if (rows * width)
    windows.push_back({names.emplace_back(name).c_str(), address, static_cast<uint64_t>(rows), bytesOf(pitch),
                       bytesOf(width), false});
  return *this;
}

GpuProblem &GpuProblem::out(const std::string &name, Floats &values, int64_t first, int64_t last, int64_t width,
                            int64_t pitch) {
  uint64_t address = upload(values.data(), bytesOf(values.size()), name);
  set(name, address);
  set(name + "_pitch", static_cast<uint64_t>(pitch));
  windows.push_back({names.emplace_back(name).c_str(), address + bytesOf(first * pitch),
                     static_cast<uint64_t>(last - first), bytesOf(pitch), bytesOf(width), true});
  result = {address, &values};
  return *this;
}

GpuProblem &GpuProblem::index(const std::string &name, const std::vector<int32_t> &values) {
  uint64_t bytes = values.size() * sizeof(int32_t), address = upload(values.data(), bytes, name);
  set(name, address);
  windows.push_back({names.emplace_back(name).c_str(), address, 1, bytes, bytes, false});
  return *this;
}

GpuProblem &GpuProblem::count(const std::string &name, int64_t value) {
  set(name, static_cast<uint64_t>(value));
  return *this;
}

//===- launches ------------------------------------------------------------===//

GpuLaunch::GpuLaunch(const GpuKernels &kernels, uint64_t seed)
    : kernels(kernels),
      machine(must(emulator::Emulator::create({.seed = seed, .maxSteps = 20'000'000, .arenaBytes = 1u << 28}))) {}

GpuProblem &GpuLaunch::add(const std::string &name, int64_t begin, int64_t end, int64_t columns) {
  GpuProblem &problem = problems.emplace_back();
  problem.machine = &machine;
  problem.kernel = &kernels.kernels.at(name);
  problem.begin = begin, problem.end = end, problem.columns = columns;
  problem.words.resize(problem.kernel->signature.size());
  return problem;
}

GpuProblem &GpuLaunch::add(const std::string &name, ContractProblem &data, int64_t begin, int64_t end, bool extras) {
  Geometry geometry = gpuGeometry();
  GpuProblem &problem = add(name, begin, end, data.n);
  // Words of 32 bits.
  auto weight = [&](const char *word, const Floats &values, int64_t depth) {
    int64_t words = data.element == DType::F32 ? depth : (depth + 1) / 2;
    problem.in(word, values, data.n, words, static_cast<int64_t>(geometry.pitch(words)));
  };
  weight("weight", data.weight, data.k);
  problem.in("x", data.x, data.m, data.k, data.pitchX)
      .out("y", data.y, begin, end, data.n, data.pitchY)
      .count("depth", data.k)
      .count("width", data.n)
      .count("rank", data.rank);
  if (data.rank) {
    problem.in("u", data.u, data.m, data.rank, data.pitchU);
    weight("b", data.b, data.rank);
  }
  if (extras)
    problem.in("extra_0", data.bias, data.n).in("extra_1", data.old, data.m, data.n, data.pitchY);
  return problem;
}

GpuProblem &GpuLaunch::add(const std::string &name, AttentionProblem &data, int64_t first, int64_t last) {
  int64_t row = data.blocks[first * 4 + 1], end = data.blocks[last * 4 - 2];
  return add(name, first, last, data.heads)
      .in("q", data.q, data.queryRows, data.width, data.pitch)
      .in("k", data.k, data.keyRows, data.width, data.pitch)
      .in("v", data.v, data.keyRows, data.width, data.pitch)
      .out("y", data.y, row, end, data.width, data.pitch)
      .index("blocks", data.blocks)
      .index("key_begin", data.begin)
      .index("keys", data.keys);
}

GpuProblem &GpuLaunch::add(const std::string &name, RowProblem &data, int64_t begin, int64_t end, bool extras) {
  GpuProblem &problem = add(name, begin, end, 1)
                            .in("x", data.x, data.rows, data.width, data.pitch)
                            .out("y", data.y, begin, end, data.width, data.pitch)
                            .count("width", data.width);
  if (extras)
    problem.in("extra_0", data.column, data.width).in("extra_1", data.old, data.rows, data.width, data.pitch);
  return problem;
}

std::string GpuLaunch::start() {
  std::vector<ptx_problem> rows;
  for (const GpuProblem &p : problems)
    rows.push_back(
        {p.kernel->index, p.words.data(), p.begin, p.end, p.columns, 0, 0, 0, p.windows.data(), p.windows.size()});
  std::vector<uint64_t> table;
  GridLaunch planned = must(kernels.rules.plan({"test", rows.data(), rows.size()}, table));
  if (!planned.blocks)
    return "";
  uint64_t bytes = table.size() * sizeof(uint64_t), address = must(machine.allocate(bytes, "table"));
  must(machine.upload(address, table.data(), bytes));
  const GridRules::Entry &entry = kernels.rules.entries()[planned.entry];
  emulator::Grid grid;
  grid.label = "test";
  grid.kernel = must(kernels.code->find(entry.name));
  grid.params = {address, planned.problems, planned.stride};
  grid.blocks[0] = planned.blocks;
  grid.threads[0] = entry.threads;
  grid.sharedBytes = entry.sharedBytes;
  grid.ranges.push_back({address, 1, bytes, bytes, false, "table"});
  for (const GpuProblem &problem : problems)
    for (const ptx_window &window : problem.windows) {
      grid.ranges.push_back({window.address, window.rows, window.pitch, window.width, window.writes != 0, window.name});
      for (uint64_t r = 0; window.writes && r < window.rows; ++r)
        must(machine.forget(window.address + r * window.pitch, window.width));
    }
  Status ran = machine.launch(grid);
  return ran ? "" : ran.error().message;
}

std::string GpuLaunch::run() {
  if (std::string fault = start(); !fault.empty())
    return fault;
  // What a kernel should have written and did not, holds nothing: an error here.
  for (const GpuProblem &problem : problems)
    if (const auto &[address, values] = problem.result; values)
      if (Status got = machine.download(values->data(), address, bytesOf(values->size())); !got)
        return got.error().message;
  return "";
}
