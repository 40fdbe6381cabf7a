// The stored tensors an artifact reads, each once, with its hash.
#ifndef PTX_PASSES_TARGET_ARTIFACT_TENSORLIST_H
#define PTX_PASSES_TARGET_ARTIFACT_TENSORLIST_H

#include "passes/Target/Artifact/ParameterTable.h"
#include "runtime/io/file.h"

#include <nlohmann/json.hpp>

#include <map>

namespace ptx {

class TensorList {
public:
  explicit TensorList(std::string directory) : directory(std::move(directory)) {}

  /// The number of the tensor called `name` in the program; reads and hashes it
  /// when it is new. A weight is called by its symbol, a factor
  /// "adapter/site/a".
  Result<int64_t> add(const std::string &name, const StoredTensor &tensor);

  const nlohmann::ordered_json &files() const { return fileList; }
  const nlohmann::ordered_json &tensors() const { return tensorList; }

private:
  Result<int64_t> addFile(const std::string &path);

  std::string directory;
  std::vector<File> opened;
  std::map<std::string, int64_t> fileNumbers, tensorNumbers;
  nlohmann::ordered_json fileList = nlohmann::ordered_json::array();
  nlohmann::ordered_json tensorList = nlohmann::ordered_json::array();
};

} // namespace ptx

#endif // PTX_PASSES_TARGET_ARTIFACT_TENSORLIST_H
