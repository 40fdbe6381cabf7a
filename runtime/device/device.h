/* What a device is to the runtime: a table of a dozen functions. The CPU is the
 * first row, plug-ins bring more: a shared library `libptx-<name>.so` beside the
 * executables (in ../lib, or in their own directory) with one entry,
 * `ptx_device_plugin`, that returns a table. It is loaded only when it is asked
 * for.
 *
 * There are two kinds. A device with `launch` runs the launch records of the
 * artifact with the kernels its target generated; the runtime keeps sessions,
 * bindings, row tables and the arena, and knows it only by this table. A device
 * with `whole` gets the program's text and takes whole calls.
 *
 * Nothing may throw or exit through these functions. Those that return int
 * return 0, or another value and a message (cut to size, ended by zero).
 * A device is used by one thread at a time unless a function says otherwise. */
#ifndef PTX_RUNTIME_DEVICE_DEVICE_H
#define PTX_RUNTIME_DEVICE_DEVICE_H

#include "runtime/device/whole_call.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTX_DEVICE_VERSION 5u
#define PTX_DEVICE_ENTRY "ptx_device_plugin"

typedef struct ptx_device ptx_device;
typedef struct ptx_device_queue ptx_device_queue;

typedef struct ptx_device_message {
  char text[4096];
} ptx_device_message;

typedef struct ptx_device_options {
  uint32_t threads;  /* at most so many host threads; 0: no wish */
  const char *level; /* the variant to force, of those in the artifact; "": the best */
} ptx_device_options;

/* An integer that the target keeps about a kernel or an entry. */
typedef struct ptx_metadata {
  const char *name;
  int64_t value;
} ptx_metadata;

/* A kernel, or with `members` an entry: kernels that run as one grid, by their
 * indices. */
typedef struct ptx_kernel_info {
  const char *name;
  const ptx_metadata *metadata;
  size_t metadata_count;
  const uint32_t *members;
  size_t member_count;
  uint32_t word_count;
} ptx_kernel_info;

/* A payload of the artifact that belongs to the device: "sm_90a" of "cuda/sm_90a". */
typedef struct ptx_code_payload {
  const char *variant;
  const void *bytes;
  size_t size;
} ptx_code_payload;

/* Rows of memory that a problem reads or writes, in bytes: for devices that
 * check (wants_windows). */
typedef struct ptx_window {
  const char *name;
  uint64_t address, rows, pitch, width;
  int32_t writes;
} ptx_window;

/* One call of a kernel over rows [begin, end) x `columns`. */
typedef struct ptx_problem {
  uint32_t kernel;
  const uint64_t *words; /* as the kernel's signature says (runtime/device/words.h) */
  int64_t begin, end;    /* rows, blocks or sequences of the row table */
  int64_t columns;       /* elements of a contraction's result, heads, or 1 */
  double flops, bytes;   /* of one row or block times one column */
  int64_t most_keys;     /* of a sequence that an attention reads, else 0 */
  const ptx_window *windows;
  size_t window_count;
} ptx_problem;

/* Problems that do not depend on each other. Launches run in order. */
typedef struct ptx_launch {
  const char *label;
  const ptx_problem *problems;
  size_t problem_count;
} ptx_launch;

/* When a worker began its first tile of a launch and ended its last. */
typedef struct ptx_worker_times {
  double start, end;
  uint32_t tiles;
} ptx_worker_times;

/* What a launch took; times in seconds on the device's clock. */
typedef struct ptx_launch_times {
  double start, end;
  uint32_t tiles;
  double waited;
  ptx_worker_times *workers; /* the caller's, zeroed, one per worker; NULL: not wanted */
} ptx_launch_times;

typedef struct ptx_device_table {
  uint32_t version; /* PTX_DEVICE_VERSION */
  size_t struct_size;
  const char *name;
  const ptx_whole_call *whole; /* takes whole calls; everything below is then absent */

  /* Properties. */
  int32_t host_memory;   /* addresses are the host's: nothing is uploaded or downloaded */
  int32_t wants_windows; /* problems state what they read and write */

  int (*open)(const ptx_device_options *options, ptx_device **device, ptx_device_message *message);
  void (*close)(ptx_device *device);

  /* Memory at an address of at least 256 bytes' alignment; zeroed where it is
   * the host's, else its bytes are undefined. Safe for several threads. */
  int (*allocate)(ptx_device *device, size_t bytes, uint64_t *address, ptx_device_message *message);
  void (*release)(ptx_device *device, uint64_t address, size_t bytes); /* as allocated */
  /* Absent with host_memory. Complete when they return; safe for several threads. */
  int (*upload)(ptx_device *device, uint64_t to, const void *from, size_t bytes, ptx_device_message *message);
  /* `rows` rows of `width` bytes, `pitch` bytes apart on the device, densely. */
  int (*download)(ptx_device *device, void *to, uint64_t from, size_t width, size_t pitch, size_t rows,
                  ptx_device_message *message);

  /* Once: chooses the best of the payloads and finds every kernel in it.
   * `kernels` are copied. */
  int (*load)(ptx_device *device, const ptx_code_payload *payloads, size_t payload_count,
              const ptx_kernel_info *kernels, size_t kernel_count, const ptx_kernel_info *entries, size_t entry_count,
              ptx_device_message *message);
  /* The variant chosen, and how many workers share a launch. After load. */
  const char *(*variant)(ptx_device *device);
  uint32_t (*workers)(ptx_device *device);
  /* FLOP/s of fused multiply-adds, probed now; absent where nobody knows. */
  double (*probe)(ptx_device *device);
  /* Bytes per second that the workers read of so many bytes, over and over;
   * absent where nobody knows. 0: no memory to try it with. */
  double (*probe_read)(ptx_device *device, uint64_t bytes);

  /* What a session launches on: calls of several queues may overlap. */
  int (*queue_open)(ptx_device *device, ptx_device_queue **queue, ptx_device_message *message);
  void (*queue_close)(ptx_device_queue *queue);
  /* All launches of a call, before the first: what a device decides for a call
   * as a whole, it decides here. Absent where there is nothing to decide. */
  void (*expect)(ptx_device_queue *queue, const ptx_launch *launches, size_t count);
  /* Starts launches; `times` (one per launch) may be filled now or by synchronise. */
  int (*launch)(ptx_device_queue *queue, const ptx_launch *launches, size_t count, ptx_launch_times *times,
                ptx_device_message *message);
  /* Waits for everything started, and fills the times; absent where launch returns when it is done. */
  int (*synchronise)(ptx_device_queue *queue, ptx_device_message *message);
} ptx_device_table;

/* The entry's type. */
typedef const ptx_device_table *(*ptx_device_entry)(void);

#ifdef __cplusplus
}
#endif

#endif /* PTX_RUNTIME_DEVICE_DEVICE_H */
