/* A device that takes whole calls. The runtime checks inputs, hands them over
 * whole and takes whole outputs: a device of this kind sees neither rows nor
 * launches, and merges adapters by itself. Functions return 0, or another value
 * and a message in `error` (cut to error_size, ended by zero). */
#ifndef PTX_RUNTIME_DEVICE_WHOLE_CALL_H
#define PTX_RUNTIME_DEVICE_WHOLE_CALL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the runtime does for the device; valid until destroy. */
typedef struct ptx_whole_host {
  void *context;
  /* A stored tensor by name, checked against its hash and widened to f32:
   * `read` with out = NULL gives its rank and dims, else fills `count` values. */
  int (*read)(void *context, const char *name, uint32_t *rank, uint64_t dims[4], float *out, size_t count, char *error,
              size_t error_size);
  size_t adapter_count; /* in the order of adapter_ids */
  const char *const *adapter_names;
  const char *phase; /* of the text: "deploy", "stage", ... */
} ptx_whole_host;

typedef struct ptx_whole_tensor {
  const char *name;
  uint32_t rank;
  uint64_t dims[4];
  const int64_t *integers; /* inputs */
  const float *floats;     /* outputs, numbers too: owned by the device until its next call */
} ptx_whole_tensor;

/* The rows of a session that a call's sequences are given. The runtime numbers
 * them and knows how many tokens each holds of each history; the device keeps
 * what the caches hold of them. */
typedef struct ptx_whole_rows {
  void *session;
  const int64_t *rows; /* [B] */
  size_t row_count;
  const char *const *histories;
  size_t history_count;
  const int64_t *lengths; /* [history_count][B] before the call */
} ptx_whole_rows;

typedef struct ptx_whole_call {
  int (*create)(const char *ir_text, size_t size, const ptx_whole_host *host, void **state, char *error,
                size_t error_size);
  /* adapter: index, or -1 for none. Optional inputs may be missing. rows: NULL
   * for functions that keep none. */
  int (*call)(void *state, const char *function, int32_t adapter, const ptx_whole_tensor *inputs, size_t input_count,
              const ptx_whole_rows *rows, const ptx_whole_tensor **outputs, size_t *output_count, char *error,
              size_t error_size);
  int (*session_open)(void *state, void **session, char *error, size_t error_size);
  void (*session_close)(void *state, void *session);
  /* Row `to` becomes a copy of row `from`. */
  int (*session_copy)(void *state, void *session, int64_t from, int64_t to, char *error, size_t error_size);
  void (*destroy)(void *state);
} ptx_whole_call;

#ifdef __cplusplus
}
#endif

#endif /* PTX_RUNTIME_DEVICE_WHOLE_CALL_H */
