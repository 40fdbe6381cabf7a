// The launch table of a function as records for a device: sizes and words of
// one call, one problem per adapter group.
#ifndef PTX_RUNTIME_CORE_LAUNCH_RECORDS_H
#define PTX_RUNTIME_CORE_LAUNCH_RECORDS_H

#include "runtime/core/call_tables.h"
#include "runtime/core/program.h"
#include "runtime/ptx.h"

#include <span>

namespace ptx {

/// Sequences of a call that share an adapter.
struct Group {
  int32_t begin = 0, end = 0; // in row table order
  std::shared_ptr<const Binding> binding;
};

/// What one call has on the device.
struct CallMemory {
  std::vector<RowTable> spaces;
  std::vector<uint64_t> buffers; // addresses
  std::vector<Group> groups;

  /// Of a buffer that is no cache.
  size_t rowsOf(const BufferRecord &buffer) const {
    const RowTable &table = spaces[buffer.space];
    return buffer.perChunk ? table.chunks.size() / 2
                           : static_cast<size_t>(buffer.perSequence ? table.sequences : table.rows());
  }
};

class LaunchRecords {
public:
  /// Evaluates every launch of the function; what it points to lives until the
  /// next build.
  void build(const FunctionRecord &function, const Program &program, const CallMemory &memory,
             const CallTables &tables);
  std::span<const ptx_launch> launches() const { return list; }
  /// Label and work of a launch; times are the device's to say. What it moves
  /// is every row, weight and index that it touches, once.
  ptx_launch_profile profile(size_t launch) const;

private:
  struct Context;
  void addProblem(const Context &context, const Problem &problem, const Group &group);
  void addWindows(const Context &context, const Problem &problem, const Group &group, const ptx_problem &made);

  /// What a problem was made from.
  struct Origin {
    const Problem *problem;
    const Group *group;
  };
  double bytesMoved(const Origin &origin, const ptx_problem &made) const;

  const Program *program = nullptr;
  const FunctionRecord *function = nullptr;
  const CallMemory *memory = nullptr;
  std::vector<ptx_launch> list;
  std::vector<ptx_problem> problems;
  std::vector<Origin> origins; // one per problem
  std::vector<uint64_t> words;
  std::vector<ptx_window> windows;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_LAUNCH_RECORDS_H
