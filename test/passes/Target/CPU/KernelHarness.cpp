#include "test/passes/Target/CPU/KernelHarness.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
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
  // Open as long as the library: the loader knows one by its path first, and
  // would take the next one at this number for it.
  file = memfd_create("kernels", MFD_CLOEXEC);
  if (file < 0 || write(file, object.data(), object.size()) != static_cast<ssize_t>(object.size()))
    stop("the kernels could not be written to memory");
  std::string path = "/proc/self/fd/" + std::to_string(file);
  handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    stop(dlerror());
}

Library::~Library() {
  dlclose(handle);
  close(file);
}

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

static uint64_t word(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

Floats &ptx::test::scratchMemory() {
  static Floats scratch(64 << 18, NAN);
  return scratch;
}

std::array<uint64_t, 14> ContractData::args() {
  return {word(x.data()),
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
}

void ContractData::run(KernelFunction kernel, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
  kernel(args().data(), r0, r1, c0, c1, scratchMemory().data());
}

void AttentionData::run(KernelFunction kernel) { run(kernel, 0, blocks.size() / 4, 0, heads); }

std::array<uint64_t, 11> AttentionData::args() {
  auto step = static_cast<uint64_t>(pitch);
  return {word(q.data()),      step,
          word(k.data()),      step,
          word(v.data()),      step,
          word(y.data()),      step,
          word(blocks.data()), word(begin.data()),
          word(keys.data())};
}

void AttentionData::run(KernelFunction kernel, int64_t b0, int64_t b1, int64_t h0, int64_t h1) {
  kernel(args().data(), b0, b1, h0, h1, scratchMemory().data());
}

void RowData::run(KernelFunction kernel, int64_t r0, int64_t r1) {
  auto step = static_cast<uint64_t>(pitch);
  uint64_t args[] = {word(x.data()),   step, word(y.data()), step, static_cast<uint64_t>(width), word(column.data()),
                     word(old.data()), step};
  kernel(args, r0, r1, 0, 1, scratchMemory().data());
}
