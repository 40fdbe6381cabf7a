// Memory of the CPU: pages from the system, large ones where it has them.
//
// Weights come from memory at the speed of its pages: with 4 KiB a step of
// GPT-2 small takes 6 % longer than with 2 MiB. A large page needs an aligned
// run of addresses that are there when it is first touched, so allocations lie
// one behind the other in stretches of memory that are there from the start:
// those at its ends alone have small pages.
#ifndef PTX_RUNTIME_CPU_PAGES_H
#define PTX_RUNTIME_CPU_PAGES_H

#include <cstddef>
#include <mutex>

namespace ptx {

/// Safe for several threads. Whoever finds it locked, as the child of a fork
/// may for good, gets a mapping of its own.
class Pages {
public:
  static constexpr size_t bytesPerPage = 4096;

  Pages() = default;
  ~Pages();
  Pages(const Pages &) = delete;
  Pages &operator=(const Pages &) = delete;

  /// Zeroed, to a whole page. Null: there is no such memory.
  void *take(size_t bytes);
  /// What take(bytes) gave. May outlive the Pages it came from.
  static void giveBack(void *memory, size_t bytes);

private:
  char *next(size_t size);

  std::mutex mutex;
  char *begin = nullptr, *end = nullptr; // what is left of the stretch
};

} // namespace ptx

#endif // PTX_RUNTIME_CPU_PAGES_H
