/* The whole of ptx.h that a program needs to run a model, step by step.
 *
 * usage: hello PROGRAM ID...    calls the program's first function with one
 * sequence of ids and prints, for each output, its shape and where its largest
 * value lies in every row. */
#include <ptx.h>

#include <stdio.h>
#include <stdlib.h>

#define MAX_IDS 512

/* Every call that can fail returns NULL or a status; the caller frees it. */
static void check(ptx_status *status) {
  if (!status)
    return;
  fprintf(stderr, "hello: %s\n", ptx_status_message(status));
  ptx_status_free(status);
  exit(1);
}

/* The largest of the last dimension, for each row of the others. */
static void print_output(const ptx_tensor *output) {
  const float *row = output->data;
  uint64_t width = output->dims[output->rank - 1], rows = 1, r, c, best;
  uint32_t d;
  printf("%s [", output->name);
  for (d = 0; d < output->rank; ++d)
    printf("%s%llu", d ? "," : "", (unsigned long long)output->dims[d]);
  printf("] largest at");
  for (d = 0; d + 1 < output->rank; ++d)
    rows *= output->dims[d];
  for (r = 0; r < rows; ++r, row += width) {
    for (best = 0, c = 1; c < width; ++c)
      if (row[c] > row[best])
        best = c;
    printf(" %llu", (unsigned long long)best);
  }
  printf("\n");
}

int main(int argc, char **argv) {
  int64_t ids[MAX_IDS];
  ptx_tensor inputs[8];
  size_t count = 0, input_count, output_count, i;
  ptx_program *program;
  ptx_binding *binding;
  ptx_session *session;
  const ptx_tensor *outputs;
  const char *function;
  int k;
  if (argc < 3 || argc - 2 > MAX_IDS) {
    fprintf(stderr, "usage: hello PROGRAM ID...\n");
    return 1;
  }
  for (k = 2; k < argc; ++k)
    ids[k - 2] = strtoll(argv[k], NULL, 10);

  /* A program is the artifact, verified and loaded: once per process. */
  check(ptx_program_open(argv[1], NULL, &program));
  function = ptx_program_function(program, 0);
  printf("%s\n", ptx_program_signature(program, function));

  /* A binding is its parameters, here of the base; it may serve many sessions. */
  check(ptx_binding_create(program, "none", &binding));

  /* A session runs calls one after the other: one per thread. */
  check(ptx_session_open(binding, &session));

  /* What must be given is ids: all inputs are asked for, and each may be limited. */
  input_count = ptx_program_input_count(program, function);
  for (i = 0; i < input_count && count < 8; ++i) {
    ptx_value_info info;
    ptx_input_limits limits;
    check(ptx_program_input(program, function, i, &info));
    if (info.optional)
      continue;
    limits.struct_size = sizeof limits;
    check(ptx_program_input_limits(program, function, i, &limits));
    for (k = 2; k < argc; ++k)
      if (ids[k - 2] > limits.most) {
        fprintf(stderr, "hello: %s takes ids up to %lld\n", info.name, (long long)limits.most);
        return 1;
      }
    inputs[count].name = info.name;
    inputs[count].dtype = PTX_I64;
    inputs[count].rank = 2;
    inputs[count].dims[0] = 1;
    inputs[count].dims[1] = (uint64_t)(argc - 2);
    inputs[count].data = ids;
    ++count;
  }

  /* The results belong to the session until its next call. */
  check(ptx_session_call(session, function, inputs, count, &outputs, &output_count));
  for (i = 0; i < output_count; ++i)
    print_output(&outputs[i]);

  ptx_session_close(session);
  ptx_binding_release(binding);
  ptx_program_close(program);
  return 0;
}
