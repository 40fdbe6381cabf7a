// Devices by name: the rows that are built in, then plug-ins.
#include "runtime/core/fork_lock.h"
#include "runtime/cpu/device.h"
#include "runtime/cuda/device.h"
#include "runtime/device/open_device.h"
#include "runtime/io/file.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <map>
#include <vector>

namespace ptx {

namespace fs = std::filesystem;

namespace {

constexpr const ptx_device_table *(*builtIn[])() = {cpuDevice, cudaDevice};

/// Where plug-ins lie: beside this library, whatever program has loaded it, or
/// where the program stands in for it because it is linked in.
std::vector<fs::path> pluginDirectories() {
  std::vector<fs::path> directories;
  auto add = [&](const fs::path &directory) {
    fs::path normal = directory.lexically_normal();
    if (std::find(directories.begin(), directories.end(), normal) == directories.end())
      directories.push_back(normal);
  };
  std::error_code error;
  Dl_info self = {};
  if (::dladdr(reinterpret_cast<const void *>(&pluginDirectories), &self) != 0 && self.dli_fname) {
    fs::path library = fs::canonical(self.dli_fname, error);
    if (!error)
      add(library.parent_path());
  }
  fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  add(program / ".." / "lib");
  add(program);
  return directories;
}

/// A plug-in stays loaded: its code may be running when its last program closes.
Result<const ptx_device_table *> loadPlugin(const std::string &name) {
  std::error_code error;
  std::string file = "libptx-" + name + ".so", places;
  for (const fs::path &directory : pluginDirectories()) {
    fs::path path = directory / file;
    places += (places.empty() ? "'" : ", '") + directory.string() + "'";
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
               "' is in none of " + places + " (emulator and reference come with the compiler)"};
}

} // namespace

Result<const ptx_device_table *> findDevice(const std::string &name) {
  for (auto row : builtIn)
    if (name == row()->name)
      return row();
  if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos)
    return Error{"'" + printable(name) + "' is no name of a device"};
  static ForkLock loading;
  static std::map<std::string, const ptx_device_table *> loaded;
  Result<ForkLock::Held> lock = loading.acquire("the list of plug-ins");
  if (!lock)
    return lock.error();
  if (auto known = loaded.find(name); known != loaded.end())
    return known->second;
  Result<const ptx_device_table *> table = loadPlugin(name);
  if (table)
    loaded[name] = *table;
  return table;
}

} // namespace ptx
