#include "test/passes/Target/CPU/KernelHarness.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace ptx::test;

namespace {
[[noreturn]] void stop(const std::string &why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}
} // namespace

llvm::Expected<ptx::TargetCode> ptx::test::compileKernels(const std::string &text, cpu::Level level,
                                                          const WorkerOptions &options) {
  mlir::DialectRegistry registry;
  cpu::registerKernelDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return llvm::createStringError("the kernel text does not parse");
  return compileInWorker(*module, cpu::target(), cpu::info(level).name, {}, options);
}

Library::Library(const std::string &text, cpu::Level level) {
  auto made = compileKernels(text, level);
  if (!made)
    stop(llvm::toString(made.takeError()));
  object.assign(made->bytes.begin(), made->bytes.end());
  int file = memfd_create("kernels", MFD_CLOEXEC);
  if (file < 0 || write(file, object.data(), object.size()) != static_cast<ssize_t>(object.size()))
    stop("the kernels could not be written to memory");
  std::string path = "/proc/self/fd/" + std::to_string(file);
  handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    stop(dlerror());
  close(file);
}

Library::~Library() { dlclose(handle); }

KernelFunction Library::kernel(const std::string &name) const {
  auto *found = reinterpret_cast<KernelFunction>(dlsym(handle, name.c_str()));
  if (!found)
    stop("no kernel '" + name + "'");
  return found;
}

ptx::cpu::ScratchBytes ptx::test::scratchOf(const std::string &text, const std::string &name) {
  mlir::DialectRegistry registry;
  cpu::registerKernelDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  cpu::ScratchBytes found;
  module->walk([&](rt::KernelOp kernel) {
    if (kernel.getSymName() == name)
      found = cpu::scratchBytes(kernel);
  });
  return found;
}

namespace {
// Bodies over %x (the element), %bias and %old.
std::string body(const std::string &region) {
  auto constant = [](const char *name, const char *value) {
    return std::string("  %") + name + " = arith.constant " + value + " : f32\n";
  };
  if (region == "bias")
    return "  %r = arith.addf %x, %bias : f32\n";
  if (region == "residual")
    return "  %0 = arith.addf %x, %bias : f32\n  %r = arith.addf %0, %old : "
           "f32\n";
  if (region == "relu")
    return constant("z", "0.0") + "  %r = arith.maximumf %x, %z : f32\n";
  if (region == "tanh")
    return "  %r = math.tanh %x : f32\n";
  if (region == "exp")
    return "  %r = math.exp %x : f32\n";
  if (region == "erf")
    return "  %r = math.erf %x : f32\n";
  if (region == "silu")
    return constant("o", "1.0") + "  %n = arith.negf %x : f32\n  %e = math.exp %n : f32\n"
                                  "  %d = arith.addf %e, %o : f32\n  %r = arith.divf %x, %d : f32\n";
  if (region == "gelu")
    return constant("o", "1.0") + constant("h", "0.5") + constant("s", "0.707106769") +
           "  %a = arith.mulf %x, %s : f32\n  %e = math.erf %a : f32\n  %p = "
           "arith.addf %e, %o : f32\n"
           "  %b = arith.mulf %x, %h : f32\n  %r = arith.mulf %b, %p : f32\n";
  if (region == "gelu_tanh")
    return constant("o", "1.0") + constant("h", "0.5") + constant("s", "0.797884583") + constant("c", "0.044715") +
           "  %x2 = arith.mulf %x, %x : f32\n  %x3 = arith.mulf %x2, %x : f32\n"
           "  %i = math.fma %x3, %c, %x : f32\n  %a = arith.mulf %i, %s : "
           "f32\n  %t = math.tanh %a : f32\n"
           "  %p = arith.addf %t, %o : f32\n  %b = arith.mulf %x, %h : f32\n  "
           "%r = arith.mulf %b, %p : f32\n";
  if (region == "leaky")
    return constant("z", "0.0") + constant("s", "0.1") +
           "  %c = arith.cmpf ogt, %x, %z : f32\n  %m = arith.mulf %x, %s : "
           "f32\n"
           "  %r = arith.select %c, %x, %m : f32\n";
  return "";
}

bool takesExtras(const std::string &region) { return region == "bias" || region == "residual"; }

std::string withRegion(const std::string &head, const std::string &region, const std::string &attributes = "") {
  bool extras = takesExtras(region);
  std::string text = "rt.kernel " + head + " extras " + (extras ? "[1 : i32, 0 : i32]" : "[]") + attributes +
                     " {\n^bb0(%x: f32" + (extras ? ", %bias: f32, %old: f32" : "") + "):\n";
  std::string inner = body(region);
  return text + inner + "  stage.yield %" + (inner.empty() ? "x" : "r") + " : f32\n}\n";
}
} // namespace

std::string ptx::test::contractKernel(const std::string &name, const std::string &region) {
  return withRegion("contract @" + name, region);
}

std::string ptx::test::mapKernel(const std::string &name, const std::string &region) {
  return withRegion("map @" + name, region);
}

std::string ptx::test::normKernel(const std::string &name, int norm, double eps, const std::string &region) {
  char attributes[100];
  std::snprintf(attributes, sizeof attributes, " attributes {norm = %d : i32, eps = %.9e : f64}", norm, eps);
  return withRegion("row_norm @" + name, region, attributes);
}

std::string ptx::test::attentionKernel(const std::string &name, int64_t headDim, bool causal) {
  char text[200];
  std::snprintf(text, sizeof text,
                "rt.kernel attention @%s extras [] attributes {head_dim = %lld "
                ": i64, scale = %.9e : f64%s} {\n}\n",
                name.c_str(), static_cast<long long>(headDim), 1 / std::sqrt(static_cast<double>(headDim)),
                causal ? ", causal" : "");
  return text;
}

double ptx::test::applyRegion(const std::string &region, double x, double bias, double old) {
  if (region == "bias")
    return x + bias;
  if (region == "residual")
    return x + bias + old;
  if (region == "relu")
    return x > 0 ? x : 0;
  if (region == "leaky")
    return x > 0 ? x : 0.1f * x;
  if (region == "tanh")
    return std::tanh(x);
  if (region == "exp")
    return std::exp(x);
  if (region == "erf")
    return std::erf(x);
  if (region == "silu")
    return x / (1 + std::exp(-x));
  if (region == "gelu")
    return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
  if (region == "gelu_tanh")
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  return x;
}

Floats::Floats(int64_t count, float fill) : storage(count + 128, fill), count(count) {
  auto address = reinterpret_cast<uintptr_t>(storage.data());
  start = reinterpret_cast<float *>((address + 63) / 64 * 64);
}

void Floats::randomise(uint64_t seed, float scale) {
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (int64_t i = 0; i < count; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    start[i] = scale * (static_cast<float>(state >> 40) / (1 << 23) - 1.0f);
  }
}

// Pads hold NaN: whatever reaches a result shows.
static void spoilPads(Floats &matrix, int64_t rows, int64_t width, int64_t pitch) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = width; j < pitch; ++j)
      matrix[i * pitch + j] = NAN;
}

static int64_t oddPitch(int64_t width) { return roundUp(width, 16) | 16; }

ContractData::ContractData(int64_t m, int64_t n, int64_t k, int64_t rank)
    : m(m), n(n), k(k), rank(rank), pitchX(oddPitch(k)), pitchY(oddPitch(n)), pitchU(oddPitch(rank)), x(m * pitchX),
      weight(roundUp(n, 16) * k), y((m + 1) * pitchY, guard), u(m * pitchU), b(roundUp(n, 16) * rank),
      bias(roundUp(n, 16)), old(m * pitchY) {
  x.randomise(1), u.randomise(2), bias.randomise(3), old.randomise(4);
  spoilPads(x, m, k, pitchX);
  spoilPads(u, m, rank, pitchU);
  auto pack = [&](Floats &panels, std::vector<float> &plain, int64_t depth, uint64_t seed) {
    Floats values(n * depth);
    values.randomise(seed, 1 / std::sqrt(static_cast<float>(depth + 1)));
    plain.assign(values.data(), values.data() + n * depth);
    for (int64_t j = 0; j < n; ++j)
      for (int64_t d = 0; d < depth; ++d)
        panels[((j / 16) * depth + d) * 16 + j % 16] = plain[j * depth + d];
  };
  pack(weight, plainWeight, k, 5);
  pack(b, plainB, rank, 6);
}

void ContractData::clear() { std::fill(y.data(), y.data() + y.size(), guard); }

static uint64_t word(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

Floats &ptx::test::scratchMemory() {
  static Floats scratch(64 << 18, NAN);
  return scratch;
}

void ContractData::run(KernelFunction kernel, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
  uint64_t args[] = {word(x.data()),
                     static_cast<uint64_t>(pitchX),
                     word(weight.data()),
                     static_cast<uint64_t>(k),
                     static_cast<uint64_t>(n),
                     word(y.data()),
                     static_cast<uint64_t>(pitchY),
                     rank ? word(u.data()) : 0,
                     static_cast<uint64_t>(pitchU),
                     rank ? word(b.data()) : 0,
                     static_cast<uint64_t>(rank),
                     word(bias.data()),
                     word(old.data()),
                     static_cast<uint64_t>(pitchY)};
  kernel(args, r0, r1, c0, c1, scratchMemory().data());
}

double ContractData::reference(int64_t row, int64_t column) const {
  double sum = 0;
  for (int64_t d = 0; d < k; ++d)
    sum += static_cast<double>(x[row * pitchX + d]) * plainWeight[column * k + d];
  for (int64_t d = 0; d < rank; ++d)
    sum += static_cast<double>(u[row * pitchU + d]) * plainB[column * rank + d];
  return sum;
}

double ContractData::magnitude(int64_t row, int64_t column) const {
  double sum = 0;
  for (int64_t d = 0; d < k; ++d)
    sum += std::fabs(static_cast<double>(x[row * pitchX + d]) * plainWeight[column * k + d]);
  for (int64_t d = 0; d < rank; ++d)
    sum += std::fabs(static_cast<double>(u[row * pitchU + d]) * plainB[column * rank + d]);
  return sum;
}

static int64_t total(const std::vector<int64_t> &counts) {
  int64_t sum = 0;
  for (int64_t count : counts)
    sum += count;
  return sum;
}

AttentionData::AttentionData(std::vector<int64_t> queries, std::vector<int64_t> keyCount, int64_t heads,
                             int64_t headDim, int64_t blockRows)
    : heads(heads), headDim(headDim), width(heads * headDim), pitch(oddPitch(width)), queryCounts(queries),
      keyCounts(keyCount), queryRows(total(queries)), keyRows(total(keyCount)), q(queryRows * pitch),
      k(keyRows * pitch), v(keyRows * pitch), y((queryRows + 1) * pitch, guard) {
  q.randomise(11, 2), k.randomise(12, 2), v.randomise(13);
  spoilPads(q, queryRows, width, pitch), spoilPads(k, keyRows, width, pitch), spoilPads(v, keyRows, width, pitch);
  int32_t row = 0, key = 0;
  for (size_t s = 0; s < queries.size(); ++s) {
    begin.push_back(key), keys.push_back(static_cast<int32_t>(keyCount[s]));
    for (int32_t from = 0; from < queries[s]; from += blockRows) {
      int32_t to = std::min<int32_t>(from + blockRows, queries[s]);
      blocks.insert(blocks.end(), {static_cast<int32_t>(s), row + from, row + to, from});
    }
    row += queries[s], key += keyCount[s];
  }
  begin.push_back(key);
}

void AttentionData::run(KernelFunction kernel) { run(kernel, 0, blocks.size() / 4, 0, heads); }

void AttentionData::run(KernelFunction kernel, int64_t b0, int64_t b1, int64_t h0, int64_t h1) {
  auto step = static_cast<uint64_t>(pitch);
  uint64_t args[] = {word(q.data()),      step,
                     word(k.data()),      step,
                     word(v.data()),      step,
                     word(y.data()),      step,
                     word(blocks.data()), word(begin.data()),
                     word(keys.data())};
  kernel(args, b0, b1, h0, h1, scratchMemory().data());
}

double AttentionData::reference(int64_t sequence, int64_t row, int64_t head, int64_t column, bool causal,
                                double scale) const {
  int64_t queryBegin = 0;
  for (int64_t s = 0; s < sequence; ++s)
    queryBegin += queryCounts[s];
  int64_t visible = causal ? std::min(keyCounts[sequence], row + 1) : keyCounts[sequence];
  std::vector<double> scores(visible);
  double most = -INFINITY, sum = 0, result = 0;
  for (int64_t j = 0; j < visible; ++j) {
    double score = 0;
    for (int64_t d = 0; d < headDim; ++d)
      score += static_cast<double>(q[(queryBegin + row) * pitch + head * headDim + d]) *
               k[(begin[sequence] + j) * pitch + head * headDim + d];
    most = std::max(most, scores[j] = score * scale);
  }
  for (double &score : scores)
    sum += score = std::exp(score - most);
  for (int64_t j = 0; j < visible; ++j)
    result += scores[j] / sum * v[(begin[sequence] + j) * pitch + head * headDim + column];
  return result;
}

RowData::RowData(int64_t rows, int64_t width)
    : rows(rows), width(width), pitch(oddPitch(width)), x(rows * pitch), y((rows + 1) * pitch, guard),
      column(roundUp(width, 16)), old(rows * pitch) {
  x.randomise(21, 3), column.randomise(22), old.randomise(23);
  spoilPads(x, rows, width, pitch);
}

void RowData::clear() { std::fill(y.data(), y.data() + y.size(), guard); }

void RowData::run(KernelFunction kernel, int64_t r0, int64_t r1) {
  auto step = static_cast<uint64_t>(pitch);
  uint64_t args[] = {word(x.data()),   step, word(y.data()), step, static_cast<uint64_t>(width), word(column.data()),
                     word(old.data()), step};
  kernel(args, r0, r1, 0, 1, scratchMemory().data());
}
