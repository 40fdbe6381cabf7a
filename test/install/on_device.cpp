// A program in C++11 over an installed ptx: calls `encode` on the device asked
// for and prints what examples/hello prints of its logits.
//
// usage: on_device PROGRAM DEVICE ID...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ptx.h>
#include <string>
#include <vector>

static void check(ptx_status *status) {
  if (!status)
    return;
  std::fprintf(stderr, "on_device: %s\n", ptx_status_message(status));
  ptx_status_free(status);
  std::exit(1);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 1;
  std::vector<int64_t> ids;
  for (int i = 3; i < argc; ++i)
    ids.push_back(std::atoll(argv[i]));

  ptx_program_options options = {};
  options.struct_size = sizeof options;
  options.device = argv[2];
  ptx_program *program = nullptr;
  check(ptx_program_open(argv[1], &options, &program));
  std::unique_ptr<ptx_program, decltype(&ptx_program_close)> programOwner(program, ptx_program_close);
  ptx_binding *binding = nullptr;
  check(ptx_binding_create(program, nullptr, &binding));
  std::unique_ptr<ptx_binding, decltype(&ptx_binding_release)> bindingOwner(binding, ptx_binding_release);
  ptx_session *session = nullptr;
  check(ptx_session_open(binding, &session));
  std::unique_ptr<ptx_session, decltype(&ptx_session_close)> sessionOwner(session, ptx_session_close);

  ptx_tensor input = {"input_ids", PTX_I64, 2, {1, ids.size()}, ids.data()};
  const ptx_tensor *outputs = nullptr;
  size_t count = 0;
  check(ptx_session_call(session, "encode", &input, 1, &outputs, &count));
  for (size_t i = 0; i < count; ++i) {
    if (std::string(outputs[i].name) != "logits")
      continue;
    const float *row = static_cast<const float *>(outputs[i].data);
    uint64_t rows = outputs[i].dims[1], width = outputs[i].dims[2];
    std::printf("logits [1,%llu,%llu] largest at", static_cast<unsigned long long>(rows),
                static_cast<unsigned long long>(width));
    for (uint64_t r = 0; r < rows; ++r, row += width)
      std::printf(" %d", static_cast<int>(std::max_element(row, row + width) - row));
    std::printf("\n");
  }
}
