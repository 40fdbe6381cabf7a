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
 * once. A session serves one call at a time; a second is refused. While a call
 * of one session uses the program's workers, calls of other sessions run on
 * their own threads.
 *
 * Forks: the child of a fork may use what the parent opened, on one thread. What
 * another thread was doing at that moment stays undone there: its session is
 * busy in the child for good, and while it deployed parameters the program's
 * other bindings cannot be made (PTX_BUSY). Nothing waits for a thread that the
 * child does not have.
 *
 * Bytes: a row's result has the same bytes at any number of threads, in any
 * batch, beside any neighbours, padded or not. Bindings are always computed
 * from the stored tensors: A, then B, then A again gives A's bytes.
 * The caller's rounding mode, denormal modes and exception flags do not matter,
 * and are the same after a call.
 *
 * Growth: structures that begin with struct_size grow at their end; what a
 * caller built against an older header does not have is taken as zero, and is
 * not written. The others do not change within a major version.
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

/* The version of this library, "0.1.0": what ptx-compile and ptx-run of the same
 * build print for --version. Static, never NULL. */
PTX_EXPORT const char *ptx_version(void);

/* Why a call failed; one line or more, no full stop. */
PTX_EXPORT const char *ptx_status_message(const ptx_status *status);
PTX_EXPORT void ptx_status_free(ptx_status *status);

typedef enum {
  PTX_OK = 0,
  PTX_INVALID_ARGUMENT = 1, /* an argument, an option, an input */
  PTX_INVALID_PROGRAM = 2,  /* the artifact or a parameter file, or this machine cannot run it */
  PTX_OUT_OF_MEMORY = 3,
  PTX_CANCELLED = 4,
  PTX_INTERNAL = 5,
  PTX_BUSY = 6,     /* the session serves another call */
  PTX_NOT_FOUND = 7 /* the program has no such function, adapter or output */
} ptx_code;
PTX_EXPORT ptx_code ptx_status_code(const ptx_status *status); /* PTX_OK for NULL */

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

typedef enum { PTX_LOG_INFO = 0, PTX_LOG_WARNING = 1 } ptx_log_level;
/* Called on the thread that calls into ptx, during that call. */
typedef void (*ptx_log_fn)(void *user, ptx_log_level level, const char *message);

typedef struct {
  size_t struct_size;     /* sizeof(ptx_program_options) */
  const char *parameters; /* directory of the parameter files; NULL: beside the artifact */
  const char *level;      /* CPU level to force; NULL: the best this machine runs */
  const char *device;     /* "cpu", "cuda", "emulator", "reference", a plug-in; NULL: the artifact's own */
  uint32_t threads;       /* at most so many; 0: as many as this process may use */
  ptx_log_fn log;         /* NULL: silence */
  void *log_user;
} ptx_program_options;

/* Verifies every byte of the artifact, then loads it. `options` may be NULL.
 * Parameter files, and a bundle's .ptxw, are found relative to the artifact's file itself, behind every
 * link, or in `parameters`; both are taken as they are now: a later chdir does
 * not matter. In `parameters` a file is looked for by its relative path, then by
 * fewer and fewer of its last parts. Plug-in devices lie beside this library. */
PTX_EXPORT ptx_status *ptx_program_open(const char *path, const ptx_program_options *options, ptx_program **program);
PTX_EXPORT void ptx_program_close(ptx_program *program); /* its bindings keep what they need */

PTX_EXPORT const char *ptx_program_level(const ptx_program *program);
PTX_EXPORT uint32_t ptx_program_threads(const ptx_program *program);
PTX_EXPORT size_t ptx_program_adapter_count(const ptx_program *program);
PTX_EXPORT const char *ptx_program_adapter(const ptx_program *program, size_t index);
/* What chooses the adapter in `adapter_ids`: its index, -1 for NULL or "none". */
PTX_EXPORT ptx_status *ptx_program_adapter_id(const ptx_program *program, const char *adapter, int64_t *id);
PTX_EXPORT size_t ptx_program_function_count(const ptx_program *program);
PTX_EXPORT const char *ptx_program_function(const ptx_program *program, size_t index);
/* One line: "forward(input_ids [B,S], ...) -> logits [B,T,53]". NULL: no such function. */
PTX_EXPORT const char *ptx_program_signature(const ptx_program *program, const char *function);

/* What goes in and comes out. A dim is its letter ("B", "S", "T"), or NULL and
 * a fixed size. */
typedef struct {
  const char *name;
  ptx_dtype dtype; /* integer inputs may be I32 too */
  uint32_t rank;
  const char *dim_names[PTX_MAX_RANK];
  uint64_t dims[PTX_MAX_RANK]; /* 0 where there is a letter */
  int32_t optional;
} ptx_value_info;

/* 0 and an error where there is no such function or value. */
PTX_EXPORT size_t ptx_program_input_count(const ptx_program *program, const char *function);
PTX_EXPORT size_t ptx_program_output_count(const ptx_program *program, const char *function);
PTX_EXPORT ptx_status *ptx_program_input(const ptx_program *program, const char *function, size_t index,
                                         ptx_value_info *info);
PTX_EXPORT ptx_status *ptx_program_output(const ptx_program *program, const char *function, size_t index,
                                          ptx_value_info *info);

/* What an input may hold: numbers from `least` to `most`, and at most `max_length`
 * positions (its second dimension; 0: it has none). The caller sets struct_size. */
typedef struct {
  size_t struct_size; /* sizeof(ptx_input_limits) */
  int64_t least, most;
  uint64_t max_length;
} ptx_input_limits;
PTX_EXPORT ptx_status *ptx_program_input_limits(const ptx_program *program, const char *function, size_t index,
                                                ptx_input_limits *limits);

/*===- Bindings ---------------------------------------------------------------*/

/* The program's parameters under `adapter`; NULL or "none": the base's own. The
 * first binding reads the parameter files, or maps and verifies the bundle, which
 * must not be written to while it is mapped (it may be replaced by rename); others
 * share what the adapter leaves alone. Values that are not finite are errors, in factors and in what they
 * make; a call that mixes adapters loses only the rows of such an adapter.
 * Releases: one per create and retain. */
PTX_EXPORT ptx_status *ptx_binding_create(ptx_program *program, const char *adapter, ptx_binding **binding);
PTX_EXPORT void ptx_binding_retain(ptx_binding *binding);
PTX_EXPORT void ptx_binding_release(ptx_binding *binding);

/*===- Sessions ---------------------------------------------------------------*/

PTX_EXPORT ptx_status *ptx_session_open(ptx_binding *binding, ptx_session **session);
PTX_EXPORT void ptx_session_close(ptx_session *session);

/* From now on the session's calls are those of another binding of its program.
 * The rows that it keeps stay, with what was computed of them under the binding
 * before. */
PTX_EXPORT ptx_status *ptx_session_bind(ptx_session *session, ptx_binding *binding);

/* Calls a function. Inputs are I64 or I32, [B,S]; optional ones may be left out.
 * `outputs` points to the function's results, F32, owned by the session until
 * its next call.
 * A program compiled with --adapters=separate also takes `adapter_ids` [B]: one
 * per sequence, as ptx_program_adapter_id gives them; left out, the session's
 * binding counts for all. Adapters that no binding is held of are deployed at
 * their first use and kept while they take less than 256 MiB together, the
 * latest used; hold a binding of what must never be deployed during a call. */
PTX_EXPORT ptx_status *ptx_session_call(ptx_session *session, const char *function, const ptx_tensor *inputs,
                                        size_t input_count, const ptx_tensor **outputs, size_t *output_count);

/* The same, written to memory of the caller: each of `outputs` names a result
 * and has its dtype, rank, dims and data. Only these are brought from the
 * device. Nothing is written on failure.
 * Functions whose `logits` [B,V] choose the next token have a result more, which
 * only this function gives and ptx_program_output does not list: `greatest_ids`
 * [B] I32, the id of each row's greatest logit, of equals the first; -1 - i where
 * the logit of id i is the first that is not finite. */
PTX_EXPORT ptx_status *ptx_session_call_into(ptx_session *session, const char *function, const ptx_tensor *inputs,
                                             size_t input_count, const ptx_tensor *outputs, size_t output_count);

/*===- Rows that a session keeps ----------------------------------------------*/

/* Functions of text keep its tokens in the session, a row for each sequence:
 * "prefill" begins rows, "decode" continues each by one token. Their sequences
 * are given rows 0, 1, ... of the session, or those that the input
 * `session_rows` [B] names, I64 or I32; a row stands once in a call. Rows may
 * have any lengths, begin while others go on, and rest while others are called;
 * what a row computes depends on its own tokens alone. A call that fails leaves
 * rows that it continues as they were, and rows that it begins empty. */

/* Whether calls of the function are given rows of the session. */
PTX_EXPORT int ptx_program_keeps_rows(const ptx_program *program, const char *function);

/* Makes room for rows of so many tokens each (0: as many as the model takes), in
 * place of what the session kept before. */
PTX_EXPORT ptx_status *ptx_session_reserve(ptx_session *session, uint32_t rows, uint32_t tokens);

/* How many tokens a row holds. */
PTX_EXPORT ptx_status *ptx_session_length(ptx_session *session, uint32_t row, uint32_t *tokens);
/* Keeps the first tokens of a row. */
PTX_EXPORT ptx_status *ptx_session_truncate(ptx_session *session, uint32_t row, uint32_t tokens);
/* Row `to` becomes a copy of row `from`. */
PTX_EXPORT ptx_status *ptx_session_fork(ptx_session *session, uint32_t from, uint32_t to);
/* Row i becomes what row parents[i] was, for each i below `count`; all of
 * `parents` are below `count`. Copies only what stands twice. */
PTX_EXPORT ptx_status *ptx_session_reorder(ptx_session *session, const uint32_t *parents, size_t count);

/*===- Calls: cancelling, profiles --------------------------------------------*/

/* Asked between launches, on the calling thread; non-zero ends the call with
 * PTX_CANCELLED. NULL: never. Not during a call. */
typedef int (*ptx_cancel_fn)(void *user);
PTX_EXPORT void ptx_session_set_cancel(ptx_session *session, ptx_cancel_fn cancel, void *user);

/* What the last call spent. */
typedef struct {
  const char *label; /* of the launch */
  double start, end; /* seconds since the call began */
  double flops;      /* done, as the compiler counts them */
  double bytes;      /* moved: every row, weight and index that the launch touches, once */
  uint32_t tiles;
  double waited; /* seconds of it that the caller had no tile left */
} ptx_launch_profile;

/* The launches of the session's last call, valid until its next and until this
 * is asked again. None after a call that failed, and on a device that takes
 * whole calls ("reference"). */
PTX_EXPORT void ptx_session_profile(const ptx_session *session, const ptx_launch_profile **launches, size_t *count);

/* What a worker did of a launch; a worker that took no tile is not there. */
typedef struct {
  size_t launch;     /* its index in the profile */
  uint32_t worker;   /* 0: the caller */
  uint32_t tiles;    /* that it took */
  double start, end; /* of its first and its last tile; seconds since the call began */
} ptx_worker_profile;

/* From now on calls of the session note what each worker does (two readings of
 * the clock per tile), or no longer. Off at first. Not during a call. */
PTX_EXPORT void ptx_session_set_trace(ptx_session *session, int on);
/* The workers of the last call, as ptx_session_profile: in the order of the
 * launches, then of the workers. None on a device that has no workers here. */
PTX_EXPORT void ptx_session_workers(const ptx_session *session, const ptx_worker_profile **workers, size_t *count);

/*===- Generation -------------------------------------------------------------*/

/* When a search of beams has found enough (False, True and "never" of Transformers). */
typedef enum {
  PTX_STOP_LIKELY = 0, /* no running text is likely to be better than those that ended */
  PTX_STOP_EARLY = 1,  /* as many have ended as there are beams */
  PTX_STOP_NEVER = 2   /* none can be better than those that ended, however long it grows */
} ptx_early_stopping;

/* What texts are continued with, and until when. ptx_program_generation fills
 * it with the ids that the model's own files name and with what changes nothing;
 * the caller then asks for more. Ids of -1 are none. What each option does to the
 * logits is what it does in Transformers 5; rows count without their padding. */
typedef struct {
  size_t struct_size;      /* sizeof(ptx_generate_options) */
  uint64_t max_new_tokens; /* at least 1; 0 as filled: to be said */
  uint64_t min_new_tokens; /* none of eos_ids among so many */
  const int64_t *eos_ids;  /* each ends a row, and is its last id */
  size_t eos_count;
  int64_t pad_id;                 /* fills rows that end before others; none: the first of eos_ids */
  int64_t start_id;               /* of an encoder-decoder: what its texts begin with */
  int64_t forced_first_id;        /* the id behind a text of one id */
  const int64_t *forced_last_ids; /* one of them is the max_new_tokens-th */
  size_t forced_last_count;
  const int64_t *bad_words;       /* sequences that no text may hold, one behind the other */
  const size_t *bad_word_lengths; /* ids of each */
  size_t bad_word_count;
  double repetition_penalty;     /* of ids in the text: above 1 they come less, below more; 1 */
  uint64_t no_repeat_ngram_size; /* no sequence of so many ids comes twice; 0: all may */
  uint32_t beams;                /* texts that each row tries at once, 1 to 256; 1: no search */
  double length_penalty;         /* with beams a text's score is divided by its length to this; 1 */
  ptx_early_stopping early_stopping;
  int32_t sample;     /* 0: the greatest score each time; else as follows */
  double temperature; /* scores are divided by it; above 0; 1 */
  uint64_t top_k;     /* only the so many greatest scores; 0: all */
  double top_p;       /* only the likeliest, together at least so likely; above 0, at most 1; 1 */
  uint64_t seed;      /* of random numbers, which are a row's own
                       * (runtime/generate/sample.h: how they are made) */
} ptx_generate_options;

/* The caller sets struct_size. Lists belong to the program. A program that does
 * not generate text has no ids. */
PTX_EXPORT ptx_status *ptx_program_generation(const ptx_program *program, ptx_generate_options *options);

/* Is told each new id of a row, on the calling thread, as it is chosen; with beams
 * when all are known. Non-zero ends the generation with PTX_CANCELLED. All that it
 * may ask the session is the profile of the step that the id came of. */
typedef int (*ptx_token_fn)(void *user, size_t row, int64_t id);

/* Continues texts. Inputs are I64 or I32:
 * `input_ids` [B,S], the prompts (of an encoder-decoder the sources), and what may
 * be left out: `attention_mask` [B,S], 0 where there is padding, on either side
 * (ones), and `adapter_ids` [B] as in a call. Rows do not depend on each other
 * or on padding: positions are counted from the mask.
 * `outputs`: `generated_ids` [B,N] I64, the new ids, N those of the longest row,
 * the others filled with the pad id; and `generated_lengths` [B] I64, how many
 * are a row's own. Owned by the session until its next call.
 * Refused: a program whose `forward` gives no logits of the next token, prompts
 * that with max_new_tokens are longer than the model's positions, more than 4096
 * rows times beams, options that have no effect (those of sampling without
 * `sample`, of beams with one), do not go together (beams and sampling) or leave
 * no id to choose.
 * The session serves no other call meanwhile (PTX_BUSY); its cancel function is
 * asked as in a call. `chosen` may be NULL. */
PTX_EXPORT ptx_status *ptx_session_generate(ptx_session *session, const ptx_generate_options *options,
                                            const ptx_tensor *inputs, size_t input_count, ptx_token_fn chosen,
                                            void *user, const ptx_tensor **outputs, size_t *output_count);

/*===- Roofs ------------------------------------------------------------------*/

/* FLOP/s of the program's threads on fused multiply-adds, probed now (about 50 ms).
 * 0 where the device cannot tell. */
PTX_EXPORT double ptx_program_probe_roof(ptx_program *program);
/* Bytes per second that the program's threads read of so many bytes, over and
 * over, probed now (about 50 ms): what bounds calls that move so much. */
PTX_EXPORT double ptx_program_probe_bandwidth(ptx_program *program, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif /* PTX_H */
