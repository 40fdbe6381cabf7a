// One call of a function: its inputs checked, its row tables, its buffers.
#ifndef PTX_RUNTIME_CORE_CALL_H
#define PTX_RUNTIME_CORE_CALL_H

#include "runtime/core/call_tables.h"
#include "runtime/core/launch_records.h"
#include "runtime/core/program.h"
#include "runtime/core/rows.h"
#include "runtime/core/session_state.h"
#include "runtime/ptx.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <span>

namespace ptx {

/// The sizes of a call by their letters, B, S and T, which a manifest names.
class CallDims {
public:
  struct Entry {
    std::string_view name;
    uint64_t size;
    std::string_view saidBy; // the input that it was first taken from
  };

  const Entry *find(std::string_view name) const {
    auto found = std::ranges::find(entries, name, &Entry::name);
    return found == entries.end() ? nullptr : &*found;
  }
  /// Of a size that is there.
  uint64_t at(std::string_view name) const { return find(name)->size; }
  void add(const Entry &entry) { entries.push_back(entry); }
  void clear() { entries.clear(); }

private:
  std::vector<Entry> entries;
};

/// Checked inputs of a call.
struct CallInputs {
  CallDims dims;                           // and 1, where each sequence has one position
  std::vector<const ptx_tensor *> given;   // per input; null: left out
  std::vector<std::vector<int32_t>> ids;   // per input: [B,S] of the caller; empty for masks
  std::vector<std::vector<uint8_t>> masks; // per input: [B,S]; empty: ones, or no mask
  std::vector<int32_t> adapters;           // [B] of adapter_ids; empty: the binding's for all
  std::vector<uint32_t> rows;              // [B] of session_rows; empty: 0, 1, ...
};

/// Fills `checked`, in the memory that it has.
Status checkInputs(const Program &program, const FunctionRecord &function, const ptx_tensor *inputs, size_t count,
                   CallInputs &checked);

/// A session: calls on one binding, one at a time, and the rows it keeps between them.
class Session {
public:
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<Program> program,
                                               std::shared_ptr<const Binding> binding);

  /// Another binding of its program; the rows stay.
  Status bind(const std::shared_ptr<Program> &owner, std::shared_ptr<const Binding> other);
  /// Calls a function and hands its results, or those of them that are `wanted`, to
  /// `use`, before another call may come; they stay until the next one.
  Status call(std::string_view function, const ptx_tensor *inputs, size_t count,
              const std::function<Status(std::span<const ptx_tensor>)> &use,
              std::optional<std::span<const ptx_tensor>> wanted = std::nullopt);
  /// The session for one caller who calls several times, none else between.
  /// Busy where another has it.
  Result<std::unique_lock<std::mutex>> claim();
  /// A call of whoever claimed the session, on other rows than its own where some are given.
  Status callClaimed(const FunctionRecord &function, const ptx_tensor *inputs, size_t count,
                     SessionState *rows = nullptr);
  /// A result of that call, brought to the host when it is asked for. It stays until the next call.
  Result<ptx_tensor> take(const FunctionRecord &function, const OutputRecord &output);
  /// Rows beside its own, of at least so many tokens each, for whoever claimed the session; kept for the next.
  Result<SessionState *> rowsForGeneration(uint32_t rows, uint32_t tokens);
  const Manifest &manifest() const { return program->manifest(); }
  /// Room for rows; what was kept is gone.
  Status reserve(uint32_t rows, uint32_t tokens);
  /// Hands the rows to `use`, before a call may come.
  Status withState(const std::function<Status(SessionState &)> &use);
  /// What the last call spent; nothing where it failed. Not during a call.
  const std::vector<ptx_launch_profile> &profile();
  const std::vector<ptx_worker_profile> &workerProfile();
  void setTracing(bool on) { tracing = on; }
  /// Asked between launches, on the calling thread.
  void setCancel(ptx_cancel_fn function, void *user) {
    cancel = function;
    cancelUser = user;
  }

private:
  Session(std::shared_ptr<Program> program, std::shared_ptr<const Binding> binding)
      : program(std::move(program)), binding(std::move(binding)) {}
  Status chooseOutputs(const FunctionRecord &function, std::optional<std::span<const ptx_tensor>> wanted);
  Status compute(const FunctionRecord &function, const ptx_tensor *inputs, size_t count);
  Status chooseRows(const FunctionRecord &function);
  Status buildTables(const FunctionRecord &function);
  Status checkRoom(const FunctionRecord &function) const;
  void dropRowsBegun(const FunctionRecord &function);
  void keepLengths(const FunctionRecord &function);
  Status callWhole(const FunctionRecord &function, const ptx_tensor *tensors, size_t count);
  Status prepare(const FunctionRecord &function);
  Status groupByAdapter();
  Status reserveBuffers(const FunctionRecord &function);
  Status run(const FunctionRecord &function);
  Status runSteps(const FunctionRecord &function);
  Status runAtOnce();
  bool wantsToStop() { return cancel && cancel(cancelUser); }
  Status bring(const OutputRecord &output, const BufferRecord &buffer, std::vector<std::byte> &result);

  std::shared_ptr<Program> program;
  std::shared_ptr<const Binding> binding;
  std::mutex busy;
  std::unique_ptr<SessionState> own, forGeneration; // null until rows are reserved
  SessionState *state = nullptr;                    // of the call
  std::vector<uint32_t> callRows;                   // [B] of the call, in the caller's order
  ptx_cancel_fn cancel = nullptr;
  void *cancelUser = nullptr;
  // Of a device that runs launches.
  std::unique_ptr<DeviceQueue> queue;
  std::unique_ptr<Arena> arena;
  std::unique_ptr<CallTables> tables;
  LaunchRecords records;
  CallMemory memory;
  // What a call needs on its way; its memory serves the next one, so that a step of a text allocates nothing.
  struct {
    CallInputs inputs;
    std::vector<int32_t> order; // [B] the sequences as they are computed: equal adapters stand together
    std::vector<uint32_t> rows; // [B] of the session, in that order
    std::vector<const std::vector<int32_t> *> added; // tokens, by history
    HeldRows held;
    std::vector<std::vector<int32_t>> ids; // of each row, by input
    std::vector<size_t> slots, offsets;
    std::vector<const OutputRecord *> outputs;
  } scratch;
  // Of the last call.
  std::vector<ptx_tensor> results;
  ResultMemory resultMemory;            // by output
  std::vector<ptx_tensor> wholeResults; // by output, of a device that takes whole calls
  std::vector<std::byte> staging;
  std::vector<ptx_launch_times> times;
  std::vector<ptx_worker_times> workerTimes; // per launch, per worker; where it was traced
  bool tracing = false;
  std::vector<ptx_launch_profile> launches;
  std::vector<ptx_worker_profile> workers;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_CALL_H
