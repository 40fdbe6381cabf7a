/* ptx: run a compiled transformer (model.ptxm) and switch its adapters.
 *
 * The contract
 *  - program   one opened artifact: verified whole before anything of it runs.
 *              Opening an artifact is running its code; open only what you trust.
 *  - binding   a program's weights with one adapter (or none) merged in.
 *              Immutable and reference counted: a swap makes a new binding
 *              beside the old one, always from the stored base, so going
 *              A -> B -> A or A -> none gives the very same bytes again.
 *  - session   buffers for calls on one binding; outputs live in the session.
 *
 *  Status.   Functions that can fail return a ptx_status *: NULL is success,
 *            anything else has a code and a message that says what was found
 *            and what was expected; free it with ptx_status_free. A function
 *            that fails leaves its out parameters as they were. Nothing exits,
 *            aborts, prints, or lets an exception out.
 *  Threads.  ptx_program and ptx_binding functions may be called from any
 *            number of threads at once. A ptx_session may be used by one thread
 *            at a time; different sessions are independent (they share the
 *            worker pool: while one call uses the workers, another one runs on
 *            its own thread). Each function below repeats what holds for it.
 *  Fork.     A child of fork() may use what it inherited, on one thread.
 *  Bytes.    A row's result has the same bytes at any thread count, in any
 *            batch, beside any neighbours, padded left, right or not.
 *  Growth.   Structures that start with struct_size are set to
 *            sizeof(the structure) by the caller; fields are only ever added at
 *            their end and zero means the default.
 *  Strings are UTF-8 and belong to the object they were asked from.
 */
#ifndef PTX_H
#define PTX_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PTX_API __attribute__((visibility("default")))
#else
#define PTX_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status -------------------------------------------------------------- */

typedef struct ptx_status ptx_status;

typedef enum ptx_code {
  PTX_OK = 0,
  PTX_INVALID_ARGUMENT = 1, /* the caller's: inputs, names, options */
  PTX_INVALID_ARTIFACT = 2, /* the artifact or a parameter file is not as it was written */
  PTX_UNSUPPORTED = 3,      /* this machine or this build cannot run it */
  PTX_OUT_OF_MEMORY = 4,
  PTX_CANCELLED = 5,
  PTX_INTERNAL = 6
} ptx_code;

/* PTX_OK for NULL. Any thread. */
PTX_API ptx_code ptx_status_code(const ptx_status *status);
/* "" for NULL; lives as long as the status. Any thread. */
PTX_API const char *ptx_status_message(const ptx_status *status);
/* NULL is allowed. */
PTX_API void ptx_status_free(ptx_status *status);
/* "0.1.0". Any thread. */
PTX_API const char *ptx_version(void);

/* ---- program ------------------------------------------------------------- */

typedef struct ptx_program ptx_program;

typedef enum ptx_dtype { PTX_F32 = 0, PTX_I64 = 1, PTX_I32 = 2 } ptx_dtype;

typedef enum ptx_log_level { PTX_LOG_INFO = 0, PTX_LOG_WARNING = 1 } ptx_log_level;
/* May be called from the thread that called into ptx, during that call only. */
typedef void (*ptx_log_fn)(void *user, ptx_log_level level, const char *message);

typedef struct ptx_program_options {
  size_t struct_size;
  const char *params_dir; /* where parameter files lie; NULL: beside the artifact */
  uint32_t threads;       /* at most so many; 0: what affinity mask and cgroup allow */
  const char *level;      /* "avx2", "avx512": no higher than this; NULL: PTX_CPU_LEVEL, else the best */
  const char *device;     /* "cpu" (NULL) or "reference", a plug-in of the compiler */
  ptx_log_fn log;
  void *log_user;
} ptx_program_options;

typedef struct ptx_value_info {
  const char *name;
  ptx_dtype dtype;          /* integer inputs take PTX_I32 as well */
  int32_t rank;
  const char *dim_names[4]; /* "B", "S", ...; NULL where the size is fixed */
  int64_t dims[4];          /* the fixed size, or -1 */
  int32_t optional;         /* inputs only */
} ptx_value_info;

/* Opens, verifies and loads an artifact. options may be NULL. */
PTX_API ptx_status *ptx_program_open(const char *path, const ptx_program_options *options, ptx_program **out_program);
PTX_API void ptx_program_retain(ptx_program *program);
PTX_API void ptx_program_release(ptx_program *program); /* NULL is allowed */

/* All of these: any thread. Indices out of range give NULL, 0 or an error. */
PTX_API uint32_t ptx_program_function_count(const ptx_program *program);
PTX_API const char *ptx_program_function_name(const ptx_program *program, uint32_t function);
PTX_API uint32_t ptx_program_input_count(const ptx_program *program, uint32_t function);
PTX_API uint32_t ptx_program_output_count(const ptx_program *program, uint32_t function);
PTX_API ptx_status *ptx_program_input(const ptx_program *program, uint32_t function, uint32_t index, ptx_value_info *out_info);
PTX_API ptx_status *ptx_program_output(const ptx_program *program, uint32_t function, uint32_t index, ptx_value_info *out_info);
PTX_API uint32_t ptx_program_adapter_count(const ptx_program *program);
PTX_API const char *ptx_program_adapter_name(const ptx_program *program, uint32_t adapter);
PTX_API const char *ptx_program_model(const ptx_program *program);
PTX_API const char *ptx_program_level(const ptx_program *program); /* the level in use */
PTX_API uint32_t ptx_program_threads(const ptx_program *program);

/* ---- binding ------------------------------------------------------------- */

typedef struct ptx_binding ptx_binding;

/* Reads, checks and packs the weights for an adapter; NULL or "none" is the
 * base. Weights the adapter does not touch are shared between bindings. The
 * binding keeps its program alive. Any thread; bindings are made one at a time. */
PTX_API ptx_status *ptx_binding_create(ptx_program *program, const char *adapter, ptx_binding **out_binding);
PTX_API void ptx_binding_retain(ptx_binding *binding);   /* any thread */
PTX_API void ptx_binding_release(ptx_binding *binding);  /* any thread; NULL is allowed */

/* ---- session ------------------------------------------------------------- */

typedef struct ptx_session ptx_session;

/* Non-zero stops the call between two launches; asked on the calling thread. */
typedef int (*ptx_cancel_fn)(void *user);

typedef struct ptx_session_options {
  size_t struct_size;
  ptx_cancel_fn cancel;
  void *cancel_user;
  int32_t profile; /* non-zero: keep the times of launches, see below */
} ptx_session_options;

/* Dense, row-major. data of an output the session owns is valid until the
 * session's next call or its end. */
typedef struct ptx_tensor {
  const char *name;
  ptx_dtype dtype;
  int32_t rank;
  int64_t dims[4];
  void *data;
} ptx_tensor;

/* The session keeps its binding. options may be NULL. Any thread. */
PTX_API ptx_status *ptx_session_open(ptx_binding *binding, const ptx_session_options *options, ptx_session **out_session);
PTX_API void ptx_session_close(ptx_session *session); /* NULL is allowed */

/* Calls a function. Inputs are found by name, in any order; unknown names,
 * wrong types, ranks and sizes, masks other than 0 and 1 and ids out of range
 * are errors that name the input, what was found and what was expected.
 *
 * outputs: NULL with output_count 0 computes all and keeps them for
 * ptx_session_output. Otherwise each entry names one output; entries with data
 * NULL get the session's own memory, entries with data are written there, and
 * their rank and dims must be those of the result. Inputs are only read.
 * One thread at a time per session. */
PTX_API ptx_status *ptx_session_call(ptx_session *session, const char *function, const ptx_tensor *inputs, uint32_t input_count,
                                     ptx_tensor *outputs, uint32_t output_count);
/* The outputs of the last successful call. One thread at a time. */
PTX_API uint32_t ptx_session_output_count(const ptx_session *session);
PTX_API ptx_status *ptx_session_output(const ptx_session *session, uint32_t index, ptx_tensor *out_tensor);

/* ---- for tools ----------------------------------------------------------- */

typedef struct ptx_launch_profile {
  const char *label;
  double start_us;  /* since the call began */
  double time_us;
  double wait_us;   /* of time_us: the caller had no tile left and waited */
  double flops;
  double bytes;
  uint32_t tiles;
} ptx_launch_profile;

/* The launches of the last call, in order, when the session was opened with
 * profile; valid until the next call. One thread at a time. */
PTX_API ptx_status *ptx_session_profile(const ptx_session *session, const ptx_launch_profile **out_launches, uint32_t *out_count);

typedef struct ptx_roof {
  double gflops;  /* f32 fused multiply-adds, all threads */
  double gbytes;  /* read from memory, all threads */
} ptx_roof;

/* Measures, in about 100 ms, what this machine gives now. Any thread. */
PTX_API ptx_status *ptx_program_probe_roof(ptx_program *program, ptx_roof *out_roof);

#ifdef __cplusplus
}
#endif

#endif /* PTX_H */
