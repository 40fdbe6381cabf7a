#include "runtime/emulator/emulator.h"
#include "runtime/cpu/sealed_library.h"
#include "runtime/emulator/launch.h"
#include "runtime/emulator/table.h"

#include <elf.h>

namespace ptx::emulator {

struct Code::State {
  SealedLibrary library;
  std::vector<KernelCode> kernels;
};

Code::Code(std::unique_ptr<State> state) : state(std::move(state)) {}
Code::Code(Code &&other) noexcept = default;
Code &Code::operator=(Code &&other) noexcept = default;
Code::~Code() = default;

const std::vector<KernelCode> &Code::kernels() const { return state->kernels; }

Result<const KernelCode *> Code::find(std::string_view name) const {
  std::string known;
  for (const KernelCode &kernel : state->kernels) {
    if (name == kernel.info->name)
      return &kernel;
    known += (known.empty() ? " '" : ", '") + std::string(kernel.info->name) + "'";
  }
  return Error{"emulator: no kernel '" + std::string(name) + "' among" + (known.empty() ? " none" : known)};
}

// The loader maps a file that ends too early without a word, and the process ends
// when it is touched. The linker writes the section headers last.
static bool isWhole(std::string_view object) {
  Elf64_Ehdr header;
  if (object.size() < sizeof header)
    return false;
  std::memcpy(&header, object.data(), sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_shoff <= object.size() &&
         uint64_t{header.e_shnum} * header.e_shentsize <= object.size() - header.e_shoff;
}

Result<Code> Emulator::load(std::string_view sharedObject) {
  if (!isWhole(sharedObject))
    return Error{"emulator: " + std::to_string(sharedObject.size()) + " bytes that are no whole shared object"};
  Result<SealedLibrary> library = SealedLibrary::load(sharedObject);
  if (!library)
    return library.error();
  auto state = std::make_unique<Code::State>();
  state->library = std::move(*library);
  auto module = state->library.find("ptx_emulator_module");
  auto table = state->library.find("ptx_emulator_hooks");
  if (!module || !table)
    return Error{"emulator: the shared object holds no emulated kernels: 'ptx_emulator_module' or "
                 "'ptx_emulator_hooks' is missing"};
  const auto *info = reinterpret_cast<const ModuleInfo *>(*module);
  if (info->version != hooksVersion)
    return Error{"emulator: kernels of version " + std::to_string(info->version) + ", expected " +
                 std::to_string(hooksVersion) + ": compile them again"};
  *reinterpret_cast<const Hooks **>(*table) = &hookTable;
  for (uint64_t i = 0; i < info->kernelCount; ++i)
    state->kernels.push_back({&info->kernels[i], info});
  return Code(std::move(state));
}

struct Emulator::State : Machine {};

Emulator::Emulator(std::unique_ptr<State> state) : state(std::move(state)) {}
Emulator::Emulator(Emulator &&other) noexcept = default;
Emulator &Emulator::operator=(Emulator &&other) noexcept = default;
Emulator::~Emulator() = default;

Result<Emulator> Emulator::create(const Options &options) {
  auto state = std::make_unique<State>();
  state->options = options;
  auto memory = Memory::create(options.arenaBytes);
  if (!memory)
    return memory.error();
  state->memory = std::move(*memory);
  auto shared = state->memory->allocate(maxSharedBytes, "shared memory");
  if (!shared)
    return shared.error();
  state->shared = *shared;
  // Open to the blocks that run, and only as far as they have any.
  state->memory->setState(*shared, maxSharedBytes, 0, 0xFF);
  return Emulator(std::move(state));
}

Result<uint64_t> Emulator::allocate(size_t bytes, std::string name) {
  return state->memory->allocate(bytes, std::move(name));
}

Status Emulator::release(uint64_t address) { return state->memory->release(address); }

Status Emulator::upload(uint64_t address, const void *from, size_t bytes) {
  if (Status inside = state->memory->check(address, bytes, "an upload"); !inside)
    return inside;
  std::memcpy(reinterpret_cast<void *>(address), from, bytes);
  state->memory->setState(address, bytes, byteInitialised, 0);
  return {};
}

Status Emulator::download(void *to, uint64_t address, size_t bytes) const {
  const Memory &memory = *state->memory;
  if (Status inside = memory.check(address, bytes, "a download"); !inside)
    return inside;
  for (size_t i = 0; i < bytes; ++i)
    if (!(memory.state(address)[i] & byteInitialised)) {
      const auto *found = memory.before(address + i);
      return Error{"emulator: a download reads '" + found->second.name + "'+" +
                   std::to_string(address + i - found->first) + ", uninitialised"};
    }
  std::memcpy(to, reinterpret_cast<const void *>(address), bytes);
  return {};
}

Status Emulator::forget(uint64_t address, size_t bytes) {
  if (Status inside = state->memory->check(address, bytes, "what is to be forgotten"); !inside)
    return inside;
  state->memory->forget(address, bytes);
  return {};
}

Status Emulator::launch(const Grid &grid) {
  if (!grid.kernel)
    return Error{"emulator: the launch '" + grid.label + "' has no kernel"};
  return Launch(*state, grid).run();
}

} // namespace ptx::emulator
