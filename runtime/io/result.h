// Errors are values: a message that names the file and the thing in it, what
// was found, what was expected, and what to do. Nothing here throws.
#ifndef PTX_RUNTIME_IO_RESULT_H
#define PTX_RUNTIME_IO_RESULT_H

#include <string>
#include <utility>
#include <variant>

namespace ptx {

/// What kind of thing failed, for callers that act on it; unsaid where the
/// place of the call says it.
enum class Cause { Unsaid, NotFound, Busy, NoMemory, Cancelled, Program };

/// Why something failed. Lower case, no full stop, names in quotes.
struct Error {
  std::string message;
  Cause cause = Cause::Unsaid;
};

/// A T, or the error that kept it from being made. (std::expected needs C++23,
/// in which MLIR's headers do not compile against Debian 12's libstdc++.)
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state.index() == 0; }
  T &operator*() { return std::get<0>(state); }
  const T &operator*() const { return std::get<0>(state); }
  T *operator->() { return &std::get<0>(state); }
  const T *operator->() const { return &std::get<0>(state); }
  const Error &error() const { return std::get<1>(state); }

private:
  std::variant<T, Error> state;
};

/// Success, or an error.
template <> class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : state(std::move(error)) {}

  explicit operator bool() const { return state.index() == 0; }
  const Error &error() const { return std::get<1>(state); }

private:
  std::variant<std::monostate, Error> state;
};
using Status = Result<void>;

} // namespace ptx

#endif // PTX_RUNTIME_IO_RESULT_H
