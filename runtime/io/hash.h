// XXH3-128: against corruption, not a signature.
#ifndef PTX_RUNTIME_IO_HASH_H
#define PTX_RUNTIME_IO_HASH_H

#include <cstddef>
#include <memory>
#include <string>

namespace ptx {

/// 32 hexadecimal digits.
std::string hashHex(const void *data, size_t size);

/// The same, in pieces.
class Hasher {
public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher &) = delete;
  Hasher &operator=(const Hasher &) = delete;
  void update(const void *data, size_t size);
  std::string hex() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace ptx

#endif // PTX_RUNTIME_IO_HASH_H
