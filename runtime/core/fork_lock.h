// A lock that the child of a fork does not wait for when another thread of the
// parent held it: that thread is not there, and what it was changing is half done.
#ifndef PTX_RUNTIME_CORE_FORK_LOCK_H
#define PTX_RUNTIME_CORE_FORK_LOCK_H

#include "runtime/io/result.h"

#include <atomic>
#include <string>
#include <unistd.h>
#include <utility>

namespace ptx {

class ForkLock {
public:
  /// Holds the lock until it is destroyed.
  class Held {
  public:
    explicit Held(ForkLock *lock) : lock(lock) {}
    Held(Held &&other) noexcept : lock(std::exchange(other.lock, nullptr)) {}
    Held &operator=(Held &&) = delete;
    ~Held() {
      if (!lock)
        return;
      lock->owner.store(0, std::memory_order_release);
      lock->owner.notify_one();
    }

  private:
    ForkLock *lock;
  };

  /// `what` it guards, for the error of a child whose parent held it at the fork.
  Result<Held> acquire(const std::string &what) {
    const pid_t self = ::getpid();
    for (;;) {
      pid_t found = 0;
      if (owner.compare_exchange_strong(found, self, std::memory_order_acquire))
        return Held(this);
      if (found != self)
        return Error{what + " was in use by another thread when this process was forked: the child cannot use it; "
                            "open the program again, or fork when no thread does this",
                     Cause::Busy};
      owner.wait(found);
    }
  }

private:
  std::atomic<pid_t> owner{0}; // the process of the thread that holds it; 0: free
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FORK_LOCK_H
