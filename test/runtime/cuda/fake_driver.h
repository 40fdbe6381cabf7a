// How tests steer the fake driver and read what it was called with. One source
// of truth per process: the library that PTX_CUDA_DRIVER names is the one that
// the tests link.
#ifndef PTX_TEST_RUNTIME_CUDA_FAKE_DRIVER_H
#define PTX_TEST_RUNTIME_CUDA_FAKE_DRIVER_H

#include <cstddef>

extern "C" {

/// What the next calls meet. Codes are CUresult's.
struct FakeMachine {
  int initError = 0;
  int devices = 1;
  int major = 9, minor = 0;
  int multiprocessors = 4;
  size_t memory = size_t(1) << 30;
  size_t maxShared = 227 << 10;
  const char *jitError = nullptr; // modules fail with this log
  int launchError = 0;            // of every cuLaunchKernel
  int faultAt = 0;                // the n-th kernel that runs from now on faults; 0: none
  int faultCode = 700;
  int blasCreateError = 0; // of cublasLtCreate; codes are cublasStatus_t's
  int blasRoutines = 1;    // that cublasLtMatmulAlgoGetHeuristic finds
  int blasError = 0;       // of every cublasLtMatmul
  bool blocking = false;   // kernels run within cuLaunchKernel, as with CUDA_LAUNCH_BLOCKING=1
};

FakeMachine *fake_machine();
/// Another machine, and nothing recorded.
void fake_reset();
/// A line per call since then. Addresses are blockN+OFFSET, N counts allocations.
const char *fake_calls();
/// Blocks, modules, streams, events, contexts and cuBLASLt's objects that nobody gave back.
int fake_live();
}

#endif // PTX_TEST_RUNTIME_CUDA_FAKE_DRIVER_H
