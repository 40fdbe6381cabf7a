// For those who write a device in C++: nothing is thrown through its table.
#ifndef PTX_RUNTIME_DEVICE_GUARDED_H
#define PTX_RUNTIME_DEVICE_GUARDED_H

#include "runtime/device/device.h"
#include "runtime/io/result.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string_view>

namespace ptx {

/// The table of a device that takes whole calls.
constexpr ptx_device_table wholeDeviceTable(const char *name, const ptx_whole_call &calls) {
  ptx_device_table table = {};
  table.version = PTX_DEVICE_VERSION;
  table.struct_size = sizeof table;
  table.name = name;
  table.whole = &calls;
  return table;
}

inline int refuse(ptx_device_message *message, std::string_view text) {
  size_t length = std::min(text.size(), sizeof message->text - 1);
  std::memcpy(message->text, text.data(), length);
  message->text[length] = '\0';
  return 1;
}

/// Runs `body`, which returns a Status.
template <typename Body> int guardedDevice(ptx_device_message *message, Body &&body) {
  try {
    Status status = body();
    return status ? 0 : refuse(message, status.error().message);
  } catch (const std::exception &error) {
    return refuse(message, error.what());
  }
}

/// A kernel's integer by name.
inline int64_t metadataOf(const ptx_kernel_info &info, std::string_view name, int64_t otherwise) {
  for (size_t i = 0; i < info.metadata_count; ++i)
    if (info.metadata[i].name == name)
      return info.metadata[i].value;
  return otherwise;
}

} // namespace ptx

#endif // PTX_RUNTIME_DEVICE_GUARDED_H
