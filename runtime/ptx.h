/* ptx: run programs that ptx-compile made.
 *
 * A program is an artifact, verified and loaded. A binding is the program's
 * parameters for one adapter or for none; it never changes. A session calls
 * functions on the binding it was opened with.
 *
 * Running an artifact is running code: open only artifacts you trust. Reading
 * parameter files is safe whatever they hold.
 *
 * Every function returns NULL, or a status that says what was found, what was
 * expected and what to do; the caller frees it. Out parameters come last and
 * are written only on success. Strings are UTF-8 and live as long as the object
 * they belong to. Nothing here exits, aborts or throws.
 *
 * Threads: a program and a binding may be used from any number of threads at
 * once. A session serves one call at a time; a second is refused. Calls of
 * different sessions of one program take turns with its worker pool.
 */
#ifndef PTX_H
#define PTX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTX_EXPORT __attribute__((visibility("default")))

typedef struct ptx_status ptx_status;
typedef struct ptx_program ptx_program;
typedef struct ptx_binding ptx_binding;
typedef struct ptx_session ptx_session;

/* Why a call failed; one line or more, no full stop. */
PTX_EXPORT const char *ptx_status_message(const ptx_status *status);
PTX_EXPORT void ptx_status_free(ptx_status *status);

typedef enum { PTX_F32 = 0, PTX_I32 = 1, PTX_I64 = 2 } ptx_dtype;

#define PTX_MAX_RANK 3

/* A dense row-major tensor. The owner of `data` is said where it is used. */
typedef struct {
  const char *name;
  ptx_dtype dtype;
  uint32_t rank;
  uint64_t dims[PTX_MAX_RANK];
  void *data;
} ptx_tensor;

/*===- Programs ---------------------------------------------------------------*/

typedef struct {
  size_t struct_size;        /* sizeof(ptx_program_options) */
  const char *parameters;    /* directory of the parameter files; NULL: beside the artifact */
  const char *level;         /* CPU level to force; NULL: the best this machine runs */
  const char *device;        /* "cpu" or "reference"; NULL: what the artifact was compiled for */
  uint32_t threads;          /* 0: as many as this process may use */
} ptx_program_options;

/* Verifies every byte of the artifact, then loads it. `options` may be NULL. */
PTX_EXPORT ptx_status *ptx_program_open(const char *path, const ptx_program_options *options, ptx_program **program);
PTX_EXPORT void ptx_program_close(ptx_program *program); /* its bindings keep what they need */

PTX_EXPORT const char *ptx_program_level(const ptx_program *program);
PTX_EXPORT uint32_t ptx_program_threads(const ptx_program *program);
PTX_EXPORT size_t ptx_program_adapter_count(const ptx_program *program);
PTX_EXPORT const char *ptx_program_adapter(const ptx_program *program, size_t index);
PTX_EXPORT size_t ptx_program_function_count(const ptx_program *program);
PTX_EXPORT const char *ptx_program_function(const ptx_program *program, size_t index);
/* One line: "forward(input_ids [B,S], ...) -> logits [B,T,53]". NULL: no such function. */
PTX_EXPORT const char *ptx_program_signature(const ptx_program *program, const char *function);

/*===- Bindings ---------------------------------------------------------------*/

/* The program's parameters under `adapter`; NULL or "none": the base's own. The
 * first binding reads the parameter files; others share what the adapter leaves
 * alone. Releases: one per create and retain. */
PTX_EXPORT ptx_status *ptx_binding_create(ptx_program *program, const char *adapter, ptx_binding **binding);
PTX_EXPORT void ptx_binding_retain(ptx_binding *binding);
PTX_EXPORT void ptx_binding_release(ptx_binding *binding);

/*===- Sessions ---------------------------------------------------------------*/

PTX_EXPORT ptx_status *ptx_session_open(ptx_binding *binding, ptx_session **session);
PTX_EXPORT void ptx_session_close(ptx_session *session);

/* Calls a function. Inputs are I64 or I32, [B,S]; optional ones may be left out.
 * `outputs` points to the function's results, F32, owned by the session until
 * its next call. */
PTX_EXPORT ptx_status *ptx_session_call(ptx_session *session, const char *function, const ptx_tensor *inputs,
                                        size_t input_count, const ptx_tensor **outputs, size_t *output_count);

/* What the last call spent. */
typedef struct {
  const char *label;    /* of the launch */
  double start, end;    /* seconds since the call began */
  double flops, bytes;  /* done and moved, as the compiler counts them */
  uint32_t tiles;
} ptx_launch_profile;

/* The launches of the session's last call, valid until its next. */
PTX_EXPORT void ptx_session_profile(const ptx_session *session, const ptx_launch_profile **launches, size_t *count);

/* FLOP/s of the session's threads on fused multiply-adds, probed now (about 50 ms). */
PTX_EXPORT double ptx_program_probe_roof(ptx_program *program);

#ifdef __cplusplus
}
#endif

#endif /* PTX_H */
