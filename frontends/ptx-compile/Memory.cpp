// MLIR writes to what malloc gives without a look. In this tool a failed
// allocation therefore ends the process with a message, and not with a fault.
#include "runtime/io/failure.h"

#include <cstddef>
#include <cstdio>

extern "C" {

// The C library's own; free stays as it is.
// NOLINTBEGIN(bugprone-reserved-identifier)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
// NOLINTEND(bugprone-reserved-identifier)

static void *checked(void *memory, size_t size) {
  if (memory || size == 0)
    return memory;
  char why[64];
  std::snprintf(why, sizeof why, "no memory is left for %zu bytes", size);
  ptx::endWith(why);
}

#define PTX_INTERPOSED __attribute__((visibility("default")))

PTX_INTERPOSED void *malloc(size_t size) { return checked(__libc_malloc(size), size); }
PTX_INTERPOSED void *calloc(size_t count, size_t size) { return checked(__libc_calloc(count, size), count * size); }
PTX_INTERPOSED void *realloc(void *memory, size_t size) { return checked(__libc_realloc(memory, size), size); }
}
