#include "frontends/ptx-compile/CheckWeights.h"

#include "dialects/rt/IR/RtDialect.h"
#include "dialects/xf/IR/XfDialect.h"
#include "frontends/peft/nearest.h"
#include "runtime/io/file.h"

namespace ptx {

static std::string stored(const StoredTensor &tensor) {
  std::string text(dtypeName(tensor.dtype));
  for (auto [index, dim] : llvm::enumerate(tensor.shape))
    text += (index ? "," : " [") + std::to_string(dim);
  return text + (tensor.shape.empty() ? " []" : "]");
}

static std::string unknown(const std::string &name, const ParameterTable &table) {
  constexpr size_t compared = 2000; // names looked through for the nearest
  std::vector<std::string> names;
  for (const auto &[known, tensor] : table.weights)
    if (names.size() < compared)
      names.push_back(known);
  std::string message = "weight '" + printable(name) + "' is declared, and no tensor has that name";
  if (!names.empty())
    message += "; the nearest is '" + printable(peft::nearest(name, names, 1).front()) + "'";
  return message;
}

Status checkWeights(mlir::ModuleOp module, const ParameterTable &table) {
  for (auto weight : module.getOps<xf::WeightOp>()) {
    std::string name = weight.getSymName().str();
    auto found = table.weights.find(name);
    if (found == table.weights.end())
      return Error{unknown(name, table)};
    const StoredTensor &tensor = found->second;
    auto type = mlir::cast<xf::WeightType>(weight.getType());
    if (!std::ranges::equal(type.getShape(), tensor.shape) || rt::dtypeOf(type.getElementType()) != tensor.dtype) {
      std::string declared;
      llvm::raw_string_ostream(declared) << type;
      return Error{"weight '" + printable(name) + "' is declared as '" + declared + "', and '" +
                   printable(tensor.file) + "' stores " + stored(tensor)};
    }
  }
  return {};
}

} // namespace ptx
