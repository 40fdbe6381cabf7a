#include "runtime/device/whole_device.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>

namespace ptx {

namespace {

constexpr size_t messageSize = 4096;
constexpr std::string_view textPrefix = "ir/";

void say(char *error, size_t size, const std::string &message) {
  if (size == 0)
    return;
  size_t length = std::min(size - 1, message.size());
  std::memcpy(error, message.data(), length);
  error[length] = '\0';
}

} // namespace

Result<std::unique_ptr<WholeDevice>> WholeDevice::open(const ptx_device_table &table, const Container &container,
                                                       const Manifest &manifest,
                                                       const std::string &parameterDirectory) {
  const std::string *text = nullptr;
  std::string name = table.name, phase;
  for (const auto &[payload, bytes] : container.payloads())
    if (payload.starts_with(textPrefix)) {
      phase = payload.substr(textPrefix.size());
      text = &bytes;
    }
  if (!text)
    return Error{"'" + container.path() + "': holds no program text, which device '" + name +
                 "' needs; compile with --target=cpu," + name};
  std::unique_ptr<WholeDevice> device(
      new WholeDevice(manifest, TensorReader(manifest, container.directory(), parameterDirectory)));
  device->phase = phase;
  for (const AdapterRecord &adapter : manifest.adapters)
    device->adapterNames.push_back(adapter.name.c_str());
  for (const HistoryRecord &history : manifest.histories)
    device->historyNames.push_back(history.name.c_str());
  device->host = {device.get(), &WholeDevice::read, device->adapterNames.size(), device->adapterNames.data(),
                  device->phase.c_str()};
  char message[messageSize] = "";
  if (table.whole->create(text->data(), text->size(), &device->host, &device->state, message, sizeof message) != 0)
    return Error{"device '" + name + "': " + message};
  device->calls = table.whole;
  return device;
}

WholeDevice::~WholeDevice() {
  if (calls)
    calls->destroy(state);
}

int WholeDevice::read(void *context, const char *name, uint32_t *rank, uint64_t dims[4], float *out, size_t count,
                      char *error, size_t errorSize) try {
  WholeDevice &device = *static_cast<WholeDevice *>(context);
  const auto &records = device.manifest.tensors;
  auto found = std::find_if(records.begin(), records.end(), [&](const TensorRecord &r) { return r.name == name; });
  if (found == records.end()) {
    say(error, errorSize, std::string("the program has no tensor '") + name + "'");
    return 1;
  }
  if (!out) {
    *rank = static_cast<uint32_t>(std::min<size_t>(found->shape.size(), 4));
    std::copy_n(found->shape.begin(), *rank, dims);
    return 0;
  }
  Result<Matrix> matrix = device.tensors.read(static_cast<size_t>(found - records.begin()));
  if (!matrix || matrix->values.size() != count) {
    say(error, errorSize, matrix ? "a buffer of another size" : matrix.error().message);
    return 1;
  }
  std::copy(matrix->values.begin(), matrix->values.end(), out);
  return 0;
} catch (const std::exception &failure) {
  say(error, errorSize, failure.what());
  return 1;
}

Status WholeDevice::call(const FunctionRecord &function, int32_t adapter, const ptx_tensor *inputs, size_t count,
                         const WholeRows &rows, ResultMemory &memory, std::vector<ptx_tensor> &results) {
  std::deque<std::vector<int64_t>> wide;
  std::vector<ptx_whole_tensor> given;
  for (size_t i = 0; i < count; ++i) {
    if (std::string_view(inputs[i].name) == "session_rows")
      continue; // the runtime's own
    size_t size = 1;
    ptx_whole_tensor tensor = {inputs[i].name, inputs[i].rank, {}, nullptr, nullptr};
    for (uint32_t d = 0; d < inputs[i].rank; ++d)
      size *= tensor.dims[d] = inputs[i].dims[d];
    std::vector<int64_t> &values = wide.emplace_back(size);
    for (size_t k = 0; k < size; ++k)
      values[k] = inputs[i].dtype == PTX_I64 ? static_cast<const int64_t *>(inputs[i].data)[k]
                                             : static_cast<const int32_t *>(inputs[i].data)[k];
    tensor.integers = values.data();
    given.push_back(tensor);
  }
  Result<ForkLock::Held> own = turn.acquire("the program's device");
  if (!own)
    return own.error();
  const ptx_whole_tensor *outputs = nullptr;
  size_t outputCount = 0;
  char message[messageSize] = "";
  const ptx_whole_rows held = {rows.session,        rows.slots.data(),   rows.slots.size(),
                               historyNames.data(), historyNames.size(), rows.lengths.data()};
  if (calls->call(state, function.name.c_str(), adapter, given.data(), given.size(), rows.session ? &held : nullptr,
                  &outputs, &outputCount, message, sizeof message) != 0)
    return Error{"function '" + function.name + "': " + message};
  memory.assign(function.outputs.size(), {});
  results.clear();
  for (const OutputRecord &output : function.outputs) {
    const ptx_whole_tensor *found =
        std::find_if(outputs, outputs + outputCount, [&](const ptx_whole_tensor &t) { return output.name == t.name; });
    if (found == outputs + outputCount || found->rank > PTX_MAX_RANK)
      return Error{"function '" + function.name + "': the device computed no '" + output.name + "'"};
    bool isNumber = output.element == DType::I32;
    ptx_tensor tensor = {output.name.c_str(), isNumber ? PTX_I32 : PTX_F32, found->rank, {}, nullptr};
    size_t size = 1;
    for (uint32_t d = 0; d < found->rank; ++d)
      size *= tensor.dims[d] = found->dims[d];
    std::vector<std::byte> &bytes = memory[results.size()];
    bytes.resize(size * sizeof(float));
    if (isNumber) {
      constexpr float most = 1 << 30; // no id is as large
      if (!std::all_of(found->floats, found->floats + size, [](float number) { return std::abs(number) <= most; }))
        return Error{"function '" + function.name + "': the device's '" + output.name + "' are no numbers"};
      std::transform(found->floats, found->floats + size, reinterpret_cast<int32_t *>(bytes.data()),
                     [](float number) { return static_cast<int32_t>(number); });
    } else {
      std::memcpy(bytes.data(), found->floats, bytes.size());
    }
    tensor.data = bytes.data();
    results.push_back(tensor);
  }
  return {};
}

Result<void *> WholeDevice::openSession() {
  Result<ForkLock::Held> own = turn.acquire("the program's device");
  if (!own)
    return own.error();
  void *session = nullptr;
  char message[messageSize] = "";
  if (calls->session_open(state, &session, message, sizeof message) != 0)
    return Error{message};
  return session;
}

void WholeDevice::closeSession(void *session) {
  if (Result<ForkLock::Held> own = turn.acquire("the program's device"); own)
    calls->session_close(state, session);
}

Status WholeDevice::copySession(void *session, uint32_t from, uint32_t to) {
  Result<ForkLock::Held> own = turn.acquire("the program's device");
  if (!own)
    return own.error();
  char message[messageSize] = "";
  if (calls->session_copy(state, session, from, to, message, sizeof message) != 0)
    return Error{message};
  return {};
}

} // namespace ptx
