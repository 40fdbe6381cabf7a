// Devices by name: the rows that are built in, then plug-ins.
#include "runtime/cpu/device.h"
#include "runtime/cuda/device.h"
#include "runtime/device/open_device.h"
#include "runtime/io/file.h"

#include <dlfcn.h>
#include <filesystem>
#include <map>
#include <mutex>

namespace ptx {

namespace {

constexpr const ptx_device_table *(*builtIn[])() = {cpuDevice, cudaDevice};

/// A plug-in stays loaded: its code may be running when its last program closes.
Result<const ptx_device_table *> loadPlugin(const std::string &name) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path directory = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::string file = "libptx-" + name + ".so";
  for (const fs::path &path : {directory / ".." / "lib" / file, directory / file}) {
    if (!fs::exists(path, error))
      continue;
    void *library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      const char *why = ::dlerror();
      return Error{"device '" + name + "': " + (why ? why : "cannot be loaded")};
    }
    auto entry = reinterpret_cast<ptx_device_entry>(::dlsym(library, PTX_DEVICE_ENTRY));
    const ptx_device_table *table = entry ? entry() : nullptr;
    if (!table || table->version != PTX_DEVICE_VERSION || table->struct_size < sizeof(ptx_device_table))
      return Error{"device '" + name + "': the plug-in '" + path.string() +
                   "' is of another version than this runtime"};
    return table;
  }
  std::string known;
  for (auto row : builtIn)
    known += (known.empty() ? "" : ", ") + std::string(row()->name);
  return Error{"device '" + printable(name) + "' is neither built in (" + known + ") nor a plug-in: '" + file +
               "' is not in '" + (directory / ".." / "lib").lexically_normal().string() +
               "' (emulator and reference come with the compiler)"};
}

} // namespace

Result<const ptx_device_table *> findDevice(const std::string &name) {
  for (auto row : builtIn)
    if (name == row()->name)
      return row();
  if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos)
    return Error{"'" + printable(name) + "' is no name of a device"};
  static std::mutex mutex;
  static std::map<std::string, const ptx_device_table *> loaded;
  std::lock_guard lock(mutex);
  if (auto known = loaded.find(name); known != loaded.end())
    return known->second;
  Result<const ptx_device_table *> table = loadPlugin(name);
  if (table)
    loaded[name] = *table;
  return table;
}

} // namespace ptx
