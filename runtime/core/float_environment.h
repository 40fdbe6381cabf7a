// The arithmetic that results are defined in, whatever the caller has set.
#ifndef PTX_RUNTIME_CORE_FLOAT_ENVIRONMENT_H
#define PTX_RUNTIME_CORE_FLOAT_ENVIRONMENT_H

#include <cfenv>

namespace ptx {

/// Rounding to nearest, denormals kept, nothing trapped, while it lives; then
/// the caller's own again, flags included. Threads that begin meanwhile inherit it.
class DefaultFloats {
public:
  DefaultFloats() {
    std::fegetenv(&callers);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloats() { std::fesetenv(&callers); }
  DefaultFloats(const DefaultFloats &) = delete;
  DefaultFloats &operator=(const DefaultFloats &) = delete;

private:
  std::fenv_t callers;
};

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FLOAT_ENVIRONMENT_H
