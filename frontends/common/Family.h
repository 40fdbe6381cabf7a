// What a model family is to ptx: a name in config.json and a graph builder.
// A new family is one folder with one importer and one row in Families.cpp.
#ifndef PTX_FRONTENDS_COMMON_FAMILY_H
#define PTX_FRONTENDS_COMMON_FAMILY_H

#include "frontends/common/ConfigReader.h"
#include "frontends/common/GraphBuilder.h"
#include "frontends/common/SentenceModules.h"
#include "frontends/peft/adapter.h"

namespace ptx::frontends {

/// What the command line says about reading a model.
struct ImportOptions {
  bool followLinks = false;
  bool allowExtra = false;
  /// "", "original" or "p-transformer": overrides what the model is.
  std::string topology;
  /// What a sentence-transformers directory computes from the model's rows.
  std::optional<SentenceModules> sentence = std::nullopt;
};

/// A model as it was read: xf, the table of its tensors, and what adapters may name.
struct ImportedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ParameterTable parameters;
  std::string modelType;
  std::vector<peft::BaseModule> adaptable;
  std::vector<std::string> stems; // of peft::Base
  std::vector<std::string> notes; // what was taken as read, for the user
  std::string baseName;           // "_name_or_path", what the model says it is
};

using Importer = Result<ImportedModel> (*)(mlir::MLIRContext *, const Checkpoint &, const JsonValue &config,
                                           const std::string &directory, const ImportOptions &);

/// Reads the model directory with the importer of its "model_type".
Result<ImportedModel> importModel(mlir::MLIRContext *context, const std::string &directory, const ImportOptions &);

/// The weights an adapter delta on `module` changes: xf.weight symbol names.
/// Linear P -> P.weight; nn.MultiheadAttention P -> P.in_proj_weight.
std::string siteOf(const peft::Delta &delta);

/// What adapters may name in IR that no importer has made: a linear or an
/// embedding over the weight `P.weight` is the module P, where all that read the
/// weight do it alike.
std::vector<peft::BaseModule> modulesOf(mlir::ModuleOp module);

/// What adapters of the model are proved against.
peft::Base adapterBase(const ImportedModel &model, const ParameterTable &table);

/// Declares the adapter in the module and its factors in the table.
void declareAdapter(mlir::ModuleOp module, ParameterTable &table, const peft::Adapter &adapter);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_FAMILY_H
