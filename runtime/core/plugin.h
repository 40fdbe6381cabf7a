/* What a device plug-in offers: a shared library beside the executables (in
 * ../lib, or in their own directory), found by name - `libptx-reference.so` -
 * with one entry, `ptx_device_plugin`. It is loaded only when asked for, so the
 * runtime itself needs none of what the device is made of.
 *
 * The runtime checks inputs, hands them over whole and takes whole outputs: a
 * device of this kind sees neither rows nor launches. Nothing may throw or
 * exit through these functions; they return 0, or another value and a message
 * in `error` (cut to error_size, ended by zero). */
#ifndef PTX_RUNTIME_CORE_PLUGIN_H
#define PTX_RUNTIME_CORE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTX_PLUGIN_VERSION 1u
#define PTX_PLUGIN_ENTRY "ptx_device_plugin"

/* What the runtime does for the plug-in; valid until destroy. */
typedef struct ptx_plugin_host {
  size_t struct_size;
  void *context;
  /* A stored tensor by name, checked against its hash and widened to f32:
   * `read` with out = NULL gives its rank and dims, else fills `count` values. */
  int (*read)(void *context, const char *name, uint32_t *rank, uint64_t dims[4], float *out, size_t count, char *error,
              size_t error_size);
  size_t adapter_count; /* in the order of adapter_ids */
  const char *const *adapter_names;
  const char *phase; /* of the text: "deploy", "stage", ... */
} ptx_plugin_host;

typedef struct ptx_plugin_tensor {
  const char *name;
  uint32_t rank;
  uint64_t dims[4];
  const int64_t *integers; /* inputs */
  const float *floats;     /* outputs: owned by the plug-in until its next call */
} ptx_plugin_tensor;

typedef struct ptx_plugin {
  uint32_t version; /* PTX_PLUGIN_VERSION */
  size_t struct_size;
  int (*create)(const char *ir_text, size_t size, const ptx_plugin_host *host, void **state, char *error,
                size_t error_size);
  /* adapter: index, or -1 for none. Optional inputs may be missing. */
  int (*call)(void *state, const char *function, int32_t adapter, const ptx_plugin_tensor *inputs, size_t input_count,
              const ptx_plugin_tensor **outputs, size_t *output_count, char *error, size_t error_size);
  void (*destroy)(void *state);
} ptx_plugin;

/* The entry's type. */
typedef const ptx_plugin *(*ptx_plugin_entry)(void);

#ifdef __cplusplus
}
#endif

#endif /* PTX_RUNTIME_CORE_PLUGIN_H */
