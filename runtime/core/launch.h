// Runs launch records: arguments become words, problems become tiles.
#ifndef PTX_RUNTIME_CORE_LAUNCH_H
#define PTX_RUNTIME_CORE_LAUNCH_H

#include "runtime/core/call.h"

namespace ptx {

class LaunchRunner {
public:
  explicit LaunchRunner(Session &session) : session(session) {}

  /// Runs one launch and says what it did; times are the caller's.
  ptx_launch_profile run(const Launch &launch);

private:
  /// One call of a kernel, for one adapter group.
  struct Work {
    Kernel kernel;
    std::vector<uint64_t> words;
    int64_t begin, end, columns;
    double flops, bytes; // per row and column
    std::array<uint64_t, 2> grain;
  };
  struct Tile {
    uint32_t work;
    int64_t r0, r1, c0, c1;
  };

  void addWork(const Problem &problem, const Group &group);
  uint64_t evaluate(const Word &word, const Group &group) const;
  void cut(const Work &work, uint32_t index, double target);

  Session &session;
  std::vector<Work> works;
  std::vector<Tile> tiles;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_LAUNCH_H
