// Any pattern on any text (split at the first newline): an error or an answer, in bounded time.
#include "frontends/peft/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t split = input.find('\n');
  ptx::Result<ptx::peft::Pattern> pattern = ptx::peft::Pattern::compile(input.substr(0, split));
  if (pattern && split != std::string_view::npos)
    (void)pattern->matches(input.substr(split + 1, 256));
  return 0;
}
