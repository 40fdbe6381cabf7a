#include "runtime/cuda/blas.h"

#include "runtime/cuda/open_library.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace ptx::cuda {

namespace {

// Newest first.
constexpr const char *systemNames[] = {"libcublasLt.so.13", "libcublasLt.so.12"};

/// "13.1.0" of 130100, as cublas_api.h makes it.
std::string versionText(size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

Result<std::unique_ptr<Blas>> load(OpenLibrary &library, const std::string &path) {
  auto blas = std::make_unique<Blas>();
#define PTX_CUBLASLT_FIND(member, name, result, parameters) library.find(blas->functions.member, #name);
  PTX_CUBLASLT_FUNCTIONS(PTX_CUBLASLT_FIND)
#undef PTX_CUBLASLT_FIND
  if (!library.missing().empty())
    return Error{"cuBLASLt '" + path + "' is too old: it has no " + library.missing() +
                 "; with PTX_CUBLASLT=none ptx's own kernels do its work"};
  library.keep();
  blas->name = "cuBLASLt " + versionText(blas->functions.version()) + " (" + path + ")";
  return blas;
}

/// The library at a path; null where no file is one.
Result<const Blas *> openAt(const std::string &path, std::string &whyNot) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Blas>> opened; // libraries stay loaded
  std::lock_guard lock(mutex);
  if (auto known = opened.find(path); known != opened.end())
    return known->second.get();
  OpenLibrary library(path);
  if (!library) {
    whyNot = library.whyNot();
    return nullptr;
  }
  Result<std::unique_ptr<Blas>> blas = load(library, path);
  if (!blas)
    return blas.error();
  return opened.emplace(path, std::move(*blas)).first->second.get();
}

} // namespace

Result<const Blas *> openBlas() {
  const char *wish = std::getenv("PTX_CUBLASLT");
  std::string whyNot;
  if (wish && std::string(wish) == "none")
    return nullptr;
  if (wish && *wish) {
    Result<const Blas *> blas = openAt(wish, whyNot);
    if (blas && !*blas)
      return Error{"there is no cuBLASLt, which PTX_CUBLASLT names: " + whyNot};
    return blas;
  }
  for (const char *name : systemNames)
    if (Result<const Blas *> blas = openAt(name, whyNot); !blas || *blas)
      return blas;
  return nullptr;
}

std::string describe(const Blas &blas, BlasStatus status) {
  const char *name = blas.functions.statusName(status);
  return std::string(name ? name : "cuBLASLt status") + " (" + std::to_string(status) + ")";
}

} // namespace ptx::cuda
