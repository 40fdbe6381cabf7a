// The deploy function as the runtime reads it: per parameter a list of nodes.
#ifndef PTX_PASSES_TARGET_ARTIFACT_DEPLOYTABLE_H
#define PTX_PASSES_TARGET_ARTIFACT_DEPLOYTABLE_H

#include "passes/Target/Artifact/ParameterTable.h"
#include "passes/Target/Artifact/TensorList.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace ptx {

class DeployTable {
public:
  static Result<DeployTable> build(mlir::ModuleOp module, const ParameterTable &table, TensorList &tensors);

  /// A symbol that is missing is no index 0: -1, which no reader accepts.
  int64_t siteIndex(llvm::StringRef site) const { return indexIn(siteNumbers, site); }
  int64_t parameterIndex(llvm::StringRef parameter) const { return indexIn(parameterNumbers, parameter); }
  const nlohmann::ordered_json &sites() const { return siteList; }
  const nlohmann::ordered_json &adapters() const { return adapterList; }
  const nlohmann::ordered_json &parameters() const { return parameterList; }

private:
  static int64_t indexIn(const llvm::StringMap<int64_t> &numbers, llvm::StringRef name) {
    auto found = numbers.find(name);
    return found == numbers.end() ? -1 : found->second;
  }

  Status addAdapters(mlir::ModuleOp module, const ParameterTable &table, TensorList &tensors);
  Status addStored(llvm::StringRef adapter, llvm::StringRef site, const ParameterTable &table, TensorList &tensors,
                   nlohmann::ordered_json &entry);
  Status addParameters(mlir::ModuleOp module, const ParameterTable &table, TensorList &tensors);

  llvm::StringMap<int64_t> siteNumbers, parameterNumbers;
  nlohmann::ordered_json siteList = nlohmann::ordered_json::array();
  nlohmann::ordered_json adapterList = nlohmann::ordered_json::array();
  nlohmann::ordered_json parameterList = nlohmann::ordered_json::array();
};

} // namespace ptx

#endif // PTX_PASSES_TARGET_ARTIFACT_DEPLOYTABLE_H
