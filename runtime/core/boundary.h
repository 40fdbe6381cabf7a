// The C boundary: no exception crosses it, every error becomes a status.
#ifndef PTX_RUNTIME_CORE_BOUNDARY_H
#define PTX_RUNTIME_CORE_BOUNDARY_H

#include "runtime/core/call.h"
#include "runtime/core/float_environment.h"
#include "runtime/ptx.h"

#include <atomic>
#include <new>
#include <stdexcept>

struct ptx_status {
  ptx_code code;
  std::string message;
};

struct ptx_program {
  std::shared_ptr<ptx::Program> program;
  std::map<std::string, std::string> signatures;
  std::string level;
  std::vector<int64_t> badWords; // of generation, one behind the other
  std::vector<size_t> badWordLengths;
  ptx_log_fn log = nullptr;
  void *logUser = nullptr;
};

struct ptx_binding {
  std::shared_ptr<ptx::Program> program;
  std::shared_ptr<const ptx::Binding> binding;
  std::atomic<size_t> references{1};
};

struct ptx_session {
  std::unique_ptr<ptx::Session> session;
  // Of the last generation, while the session is claimed.
  std::vector<int64_t> generated = {}, lengths = {};
  std::vector<ptx_tensor> outputs = {};
};

namespace ptx {

// Said when there is no memory to say anything; ptx_status_free knows it.
inline ptx_status noMemory{PTX_OUT_OF_MEMORY, "no memory"};

inline ptx_status *failure(ptx_code code, std::string message) noexcept {
  ptx_status *made = new (std::nothrow) ptx_status{code, std::move(message)};
  return made ? made : &noMemory;
}

inline ptx_code codeOf(Cause cause, ptx_code otherwise) {
  switch (cause) {
  case Cause::Unsaid:
    return otherwise;
  case Cause::NotFound:
    return PTX_NOT_FOUND;
  case Cause::Busy:
    return PTX_BUSY;
  case Cause::NoMemory:
    return PTX_OUT_OF_MEMORY;
  case Cause::Cancelled:
    return PTX_CANCELLED;
  case Cause::Program:
    return PTX_INVALID_PROGRAM;
  }
  return PTX_INTERNAL;
}

/// Runs `body` in the default floating-point environment and turns what it
/// throws (memory, the standard library) into a status.
template <typename Body> ptx_status *guarded(Body &&body, ptx_code otherwise = PTX_INVALID_ARGUMENT) {
  DefaultFloats floats;
  try {
    Status status = body();
    return status ? nullptr : failure(codeOf(status.error().cause, otherwise), status.error().message);
  } catch (const std::bad_alloc &) {
    return &noMemory;
  } catch (const std::length_error &) {
    return &noMemory;
  } catch (const std::exception &error) {
    return failure(PTX_INTERNAL, error.what());
  }
}

} // namespace ptx

#endif // PTX_RUNTIME_CORE_BOUNDARY_H
