#include "test/runtime/cuda/fake_state.h"

#include "runtime/device/grid.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <sstream>
#include <sys/mman.h>

namespace ptx::fake {

/// For tests of whole programs: PTX_FAKE_CALLS names a file that the calls go
/// to, PTX_FAKE_FAULT_AT is FakeMachine's faultAt.
static State *makeState() {
  State *made = new State; // outlives whoever closes last
  if (std::getenv("PTX_FAKE_CALLS"))
    std::atexit([] { std::ofstream(std::getenv("PTX_FAKE_CALLS")) << state().calls; });
  if (const char *text = std::getenv("PTX_FAKE_FAULT_AT"))
    made->machine.faultAt = std::atoi(text);
  return made;
}

State &state() {
  static State *only = makeState();
  return *only;
}

Stream *State::find(CUstream stream) {
  if (!stream)
    return &defaultStream;
  auto found = streams.find(stream);
  return found == streams.end() ? nullptr : found->second.get();
}

std::string State::nameOf(CUdeviceptr address) const {
  auto next = blocks.upper_bound(address);
  if (next == blocks.begin())
    return "nowhere";
  const auto &[start, block] = *--next;
  if (address >= start + block.bytes)
    return "nowhere";
  return "block" + std::to_string(block.number) + "+" + std::to_string(address - start);
}

bool State::holds(CUdeviceptr address, size_t bytes) const {
  auto next = blocks.upper_bound(address);
  if (next == blocks.begin())
    return false;
  const auto &[start, block] = *--next;
  return bytes <= block.bytes && address - start <= block.bytes - bytes;
}

CUresult State::allocate(size_t bytes, CUdeviceptr &address) {
  if (bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (bytes > machine.memory - used)
    return CUDA_ERROR_OUT_OF_MEMORY;
  void *memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return CUDA_ERROR_OUT_OF_MEMORY;
  std::memset(memory, 0xcc, std::min<size_t>(bytes, 4096)); // it is not zeroed
  ::mprotect(memory, bytes, PROT_NONE);
  address = reinterpret_cast<CUdeviceptr>(memory);
  blocks[address] = {bytes, ++numbered};
  used += bytes;
  return CUDA_SUCCESS;
}

CUresult State::release(CUdeviceptr address) {
  auto found = blocks.find(address);
  if (found == blocks.end())
    return CUDA_ERROR_INVALID_VALUE;
  ::munmap(reinterpret_cast<void *>(address), found->second.bytes);
  used -= found->second.bytes;
  blocks.erase(found);
  return CUDA_SUCCESS;
}

void State::touch(const std::function<void()> &body) {
  auto protect = [&](int protection) {
    for (const auto &[address, block] : blocks)
      ::mprotect(reinterpret_cast<void *>(address), block.bytes, protection);
  };
  protect(PROT_READ | PROT_WRITE);
  body();
  protect(PROT_NONE);
}

CUresult State::run(Stream &stream, const std::function<bool()> &enough) {
  while (!sticky && !stream.work.empty() && !(enough && enough())) {
    std::function<CUresult()> next = std::move(stream.work.front());
    stream.work.pop_front();
    sticky = next();
  }
  return sticky;
}

CUresult State::beginKernel() {
  if (machine.faultAt && ++kernels == static_cast<size_t>(machine.faultAt))
    return static_cast<CUresult>(machine.faultCode);
  clock += 1;
  return CUDA_SUCCESS;
}

CUresult State::runKernel(const Function &function, uint32_t blockCount, CUdeviceptr table, uint32_t problems,
                          uint32_t stride) {
  if (CUresult code = beginKernel())
    return code;
  if (problems && !holds(table, size_t(problems) * stride * 8))
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  CUresult result = CUDA_SUCCESS;
  touch([&] {
    std::vector<char> scratch(1 << 20);
    for (uint32_t p = 0; p < problems; ++p) {
      const uint64_t *words = reinterpret_cast<const uint64_t *>(table) + size_t(p) * stride;
      if (words[gridFirstTile] >= blockCount)
        result = CUDA_ERROR_LAUNCH_FAILED;
      if (result || function.members.empty())
        return;
      const Function::Member &member = function.members.at(words[gridMember]);
      int64_t columns = (static_cast<int64_t>(words[gridColumns]) + member.lanes - 1) / member.lanes;
      member.run(words + gridHeader, static_cast<int64_t>(words[gridBegin]), static_cast<int64_t>(words[gridEnd]), 0,
                 columns, scratch.data());
    }
  });
  return result;
}

void State::dropContext() {
  while (!blocks.empty())
    release(blocks.begin()->first);
  streams.clear();
  events.clear();
  modules.clear();
  defaultStream.work.clear();
  sticky = CUDA_SUCCESS;
}

CUresult Module::parse(const std::string &text, const FakeMachine &machine, std::unique_ptr<Module> &module) {
  if (text.starts_with("\x7f"
                       "ELF") ||
      text.find(".version") != text.npos) {
    module = std::make_unique<Module>();
    module->real = true;
    return CUDA_SUCCESS;
  }
  std::istringstream lines(text);
  std::string kind, target, line;
  lines >> kind >> target;
  bool cubin = kind == "fake-cubin";
  if (!cubin && kind != "fake-ptx")
    return CUDA_ERROR_INVALID_IMAGE;
  int capability = std::stoi(target.substr(3));
  if (cubin && (capability / 10 != machine.major || capability % 10 > machine.minor))
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  if (!cubin && machine.jitError)
    return CUDA_ERROR_INVALID_PTX;
  module = std::make_unique<Module>();
  void *library = nullptr;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string word, name;
    words >> word >> name;
    if (word == "library")
      library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (word != "kernel")
      continue;
    Function &function = module->functions[name];
    function.name = name;
    while (words >> word) {
      size_t slash = word.find('/');
      auto run = reinterpret_cast<decltype(Function::Member::run)>(::dlsym(library, word.substr(0, slash).c_str()));
      if (!run)
        return CUDA_ERROR_INVALID_IMAGE;
      function.members.push_back({run, std::stoll(word.substr(slash + 1))});
    }
  }
  return CUDA_SUCCESS;
}

} // namespace ptx::fake
