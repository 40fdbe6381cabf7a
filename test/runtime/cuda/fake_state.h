// The machine behind the fake driver: memory that cannot be touched from
// outside, streams on which nothing runs before someone waits, and kernels that
// are the plain loops of tiny_kernels.c.
#ifndef PTX_TEST_RUNTIME_CUDA_FAKE_STATE_H
#define PTX_TEST_RUNTIME_CUDA_FAKE_STATE_H

#include "test/runtime/cuda/fake_driver.h"

#include <cuda.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ptx::fake {

struct Block {
  size_t bytes, number;
};

struct Stream {
  std::deque<std::function<CUresult()>> work;
};

struct Event {
  Stream *stream = nullptr;
  bool done = false;
  double time = 0;
};

/// A kernel of a module: what runs for each member of the entry, and how many
/// columns that takes as one.
struct Function {
  struct Member {
    void (*run)(const uint64_t *, int64_t, int64_t, int64_t, int64_t, void *);
    int64_t lanes;
  };
  std::string name;
  std::vector<Member> members;
  int maxShared = 48 << 10;
};

/// Code for a real GPU (a cubin or PTX), or text: "fake-cubin sm_80" or "fake-ptx sm_80", then lines "library PATH" and
/// "kernel ENTRY [FUNCTION/LANES]...".
struct Module {
  std::map<std::string, Function> functions;
  bool real = false; // code for a GPU: every kernel is there, and does nothing
  static CUresult parse(const std::string &text, const FakeMachine &machine, std::unique_ptr<Module> &module);
};

struct State {
  FakeMachine machine;
  std::mutex mutex;
  std::string calls;
  CUresult sticky = CUDA_SUCCESS; // of the context, once a kernel has faulted
  int retained = 0, blasObjects = 0;
  size_t used = 0, numbered = 0, kernels = 0;
  double clock = 0;
  std::map<CUdeviceptr, Block> blocks;
  std::map<CUstream, std::unique_ptr<Stream>> streams;
  std::map<CUevent, std::unique_ptr<Event>> events;
  std::map<CUmodule, std::unique_ptr<Module>> modules;
  Stream defaultStream;

  Stream *find(CUstream stream);
  std::string nameOf(CUdeviceptr address) const;
  bool holds(CUdeviceptr address, size_t bytes) const;
  CUresult allocate(size_t bytes, CUdeviceptr &address);
  CUresult release(CUdeviceptr address);
  /// Opens all memory, runs `body`, and closes it again.
  void touch(const std::function<void()> &body);
  /// Runs a stream's work until `enough`, or to its end.
  CUresult run(Stream &stream, const std::function<bool()> &enough = nullptr);
  CUresult runKernel(const Function &function, uint32_t blocks, CUdeviceptr table, uint32_t problems, uint32_t stride);
  /// A kernel begins: time goes on, and it may be the one that faults.
  CUresult beginKernel();
  /// The context's last user has gone.
  void dropContext();
};

State &state();
/// Whether this thread has a context.
bool hasContext();

} // namespace ptx::fake

#endif // PTX_TEST_RUNTIME_CUDA_FAKE_STATE_H
