// Launches of calls that do the same, beside what the machine can do.
#ifndef PTX_RUNTIME_PTX_RUN_PROFILE_H
#define PTX_RUNTIME_PTX_RUN_PROFILE_H

#include "runtime/ptx.h"

#include <string>
#include <vector>

namespace ptx::run {

double median(std::vector<double> values); // 0 of none

/// What the machine can do; 0 where nobody knows.
struct Roofs {
  double flops = 0, bytes = 0; // per second

  /// Probed now. Calls one after the other read again what fits into the caches:
  /// the roof for bytes is that of so much memory.
  static Roofs probe(ptx_program *program, double bytesOfCall);
  static Roofs best(const Roofs &a, const Roofs &b);

  bool known() const { return flops > 0 && bytes > 0; }
  bool boundByBytes(double workFlops, double workBytes) const { return workBytes * flops > workFlops * bytes; }
  /// Seconds that such work takes at least.
  double least(double workFlops, double workBytes) const;
};

/// The launches of calls, each with its medians over the calls: what rows hold
/// grows from step to step of a generation, and with it what a launch moves.
class Profile {
public:
  /// The session's last call; its launches are those of the calls before.
  void add(const ptx_session *session);

  bool empty() const { return launches.empty(); } // on a device that says nothing of its launches
  double flops() const { return median(callFlops); }
  double bytes() const { return median(callBytes); }

  /// A row per launch.
  void print(const Roofs &roofs) const;
  /// What the user could try next, about a `call` that takes so many seconds.
  void advise(const char *call, double seconds, const Roofs &roofs) const;

private:
  struct Launch {
    std::string label;
    std::vector<double> seconds, waited, flops, bytes;
    uint32_t tiles = 0;
  };
  std::vector<Launch> launches;
  std::vector<double> callFlops, callBytes;
};

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_PROFILE_H
