// Whether a call pays for the worker pool.
//
// What a second thread costs is not known before: the cores may share a cache
// or not, threads of a young process may stand on one core, and a virtual
// machine's cores move. What one wrote, the other then reads over a road that
// was measured to be seven times as long at one minute as at the next. So calls
// that are small enough to lose are tried both ways, and the way that took less
// time is kept, with a look at the other now and then. The bytes are the same.
#ifndef PTX_RUNTIME_CPU_CHOOSER_H
#define PTX_RUNTIME_CPU_CHOOSER_H

#include <array>
#include <cstdint>

namespace ptx {

/// One per queue: its calls follow each other. Not for several threads.
class ThreadChooser {
public:
  enum Way : uint8_t { Alone, Together };

  /// The way for a call of `work` operations (bytes count as tiles.h says).
  Way choose(double work);
  /// What the call took that choose() was asked about last.
  void took(double seconds);
  /// Whether that call is of those that are measured.
  bool measures() const { return current; }

private:
  /// Calls of one order of magnitude, a power of two.
  struct Class {
    std::array<double, 2> secondsPerUnit = {0, 0}; // by way; 0: not known yet
    Way way = Alone;                               // of the next call
    Way last = Together;                           // of the call before
    uint32_t looking;                              // calls left of a look at this way
    uint32_t untilLook = 0;                        // calls until a look at the other
    Class();
    double &cost(Way of) { return secondsPerUnit[of]; }
    void learn(double sample);
    void decide();
    void settle(Way cheaper);
  };

  std::array<Class, 32> classes;
  Class *current = nullptr; // null: too large to lose
  double currentWork = 1;
};

} // namespace ptx

#endif // PTX_RUNTIME_CPU_CHOOSER_H
