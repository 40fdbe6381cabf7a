#include "runtime/cuda/driver.h"

#include "runtime/cuda/open_library.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace ptx::cuda {

namespace {

Result<DriverFunctions> load(const std::string &path) {
  OpenLibrary library(path);
  if (!library)
    return Error{"there is no CUDA driver: " + library.whyNot() +
                 "; install NVIDIA's driver, or name its library in PTX_CUDA_DRIVER"};
  DriverFunctions functions;
#define PTX_CUDA_FIND(member, name, parameters) library.find(functions.member, #name);
  PTX_CUDA_FUNCTIONS(PTX_CUDA_FIND)
#undef PTX_CUDA_FIND
  if (!library.missing().empty())
    return Error{"the CUDA driver '" + path + "' is too old: it has no " + library.missing()};
  library.keep();
  return functions;
}

} // namespace

Result<const DriverFunctions *> openDriver() {
  static std::mutex mutex;
  static std::map<std::string, DriverFunctions> opened; // libraries stay loaded
  const char *wish = std::getenv("PTX_CUDA_DRIVER");
  std::string path = wish && *wish ? wish : "libcuda.so.1";
  std::lock_guard lock(mutex);
  auto known = opened.find(path);
  if (known == opened.end()) {
    Result<DriverFunctions> functions = load(path);
    if (!functions)
      return functions.error();
    known = opened.emplace(path, *functions).first;
  }
  // Cheap the second time, and a driver that failed may work by now.
  const DriverFunctions &driver = known->second;
  if (Code code = driver.init(0); code == noDevice)
    return Error{"there is no CUDA device: " + describe(driver, code)};
  else if (code != success)
    return Error{"the CUDA driver does not start: " + describe(driver, code)};
  return &driver;
}

std::string describe(const DriverFunctions &driver, Code code) {
  const char *name = nullptr, *text = nullptr;
  if (driver.errorName(code, &name) != success || !name)
    return "CUDA error " + std::to_string(code);
  if (driver.errorString(code, &text) != success || !text)
    return name;
  return std::string(name) + " (" + text + ")";
}

bool isFault(Code code) {
  switch (code) {
  case eccUncorrectable:
  case nvlinkUncorrectable:
  case contained:
  case illegalAddress:
  case launchTimeout:
  case assertFailed:
  case hardwareStackError:
  case illegalInstruction:
  case misalignedAddress:
  case invalidAddressSpace:
  case invalidPc:
  case launchFailed:
  case unknown:
    return true;
  default:
    return false;
  }
}

} // namespace ptx::cuda
