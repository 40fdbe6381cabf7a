// A device that answers every output with [1] the sum of all integers given,
// plus the first value of the tensor "bias", plus the adapter's index.
#include "runtime/device/guarded.h"

#include <cstdio>
#include <cstring>

namespace {

struct State {
  float bias[64] = {};
  float sum[2] = {};
  ptx_whole_tensor outputs[2] = {};
};

int create(const char *text, size_t size, const ptx_whole_host *host, void **state, char *error, size_t errorSize) {
  uint32_t rank = 0;
  uint64_t dims[4] = {};
  if (std::strncmp(text, "module {}", size) != 0 || std::strcmp(host->phase, "deploy") != 0) {
    std::snprintf(error, errorSize, "unexpected text");
    return 1;
  }
  State *made = new State;
  if (host->read(host->context, "bias", &rank, dims, nullptr, 0, error, errorSize) != 0 || rank != 1 || dims[0] > 64 ||
      host->read(host->context, "bias", &rank, dims, made->bias, dims[0], error, errorSize) != 0) {
    delete made;
    return 1;
  }
  *state = made;
  return 0;
}

int call(void *opaque, const char *, int32_t adapter, const ptx_whole_tensor *inputs, size_t count,
         const ptx_whole_rows *, const ptx_whole_tensor **outputs, size_t *outputCount, char *error, size_t errorSize) {
  State &state = *static_cast<State *>(opaque);
  if (adapter == 1) {
    std::snprintf(error, errorSize, "adapter 1 is not to its taste");
    return 1;
  }
  state.sum[0] = state.bias[0] + static_cast<float>(adapter);
  for (size_t i = 0; i < count; ++i)
    for (uint64_t k = 0; k < inputs[i].dims[0] * inputs[i].dims[1]; ++k)
      state.sum[0] += static_cast<float>(inputs[i].integers[k]);
  state.sum[1] = state.sum[0];
  state.outputs[0] = {"hidden", 1, {1, 0, 0, 0}, nullptr, &state.sum[0]};
  state.outputs[1] = {"pooled", 1, {1, 0, 0, 0}, nullptr, &state.sum[1]};
  *outputs = state.outputs;
  *outputCount = 2;
  return 0;
}

void destroy(void *state) { delete static_cast<State *>(state); }

// Its program keeps no rows.
int openSession(void *, void **, char *, size_t) { return 1; }
void closeSession(void *, void *) {}
int copyRow(void *, void *, int64_t, int64_t, char *, size_t) { return 1; }

constexpr ptx_whole_call calls = {create, call, openSession, closeSession, copyRow, destroy};

} // namespace

extern "C" __attribute__((visibility("default"))) const ptx_device_table *ptx_device_plugin(void) {
  static constexpr ptx_device_table table = ptx::wholeDeviceTable("sum", calls);
  return &table;
}
