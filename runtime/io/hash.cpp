#include "runtime/io/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ptx {

static std::string toHex(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string text;
  for (unsigned char byte : canonical.digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string hashHex(const void *data, size_t size) { return toHex(XXH3_128bits(data, size)); }

struct Hasher::State {
  XXH3_state_t *xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state(std::make_unique<State>()) { XXH3_128bits_reset(state->xxh); }
Hasher::~Hasher() = default;
void Hasher::update(const void *data, size_t size) { XXH3_128bits_update(state->xxh, data, size); }
std::string Hasher::hex() const { return toHex(XXH3_128bits_digest(state->xxh)); }

} // namespace ptx
