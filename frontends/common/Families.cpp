#include "frontends/common/Family.h"

#include "frontends/bert/Bert.h"
#include "frontends/gpt2/Gpt2.h"
#include "frontends/ptransformer/PTransformer.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace ptx::frontends {

namespace {

struct Family {
  const char *modelType;
  Importer import;
  enum Over { Bare, SentenceTransformers } over = Bare; // whether sentence-transformers may lie over it
  enum Topology { Fixed, Choice } topology = Fixed;     // whether a decoder may read an encoder in either order
};
constexpr Family families[] = {
    {"p_transformer", importPTransformer, Family::Bare, Family::Choice},
    {"transformer", importPTransformer, Family::Bare, Family::Choice},
    {"bert", importBert, Family::SentenceTransformers},
    {"roberta", importBert, Family::SentenceTransformers},
    {"xlm-roberta", importBert, Family::SentenceTransformers},
    {"distilbert", importBert, Family::SentenceTransformers},
    {"gpt2", importGpt2},
};

Result<const Family *> findFamily(const JsonValue &config, const std::string &path) {
  const JsonValue *type = config.find("model_type");
  std::string supported;
  for (const Family &family : families) {
    if (type && type->asString() && *type->asString() == family.modelType)
      return &family;
    supported += std::string(supported.empty() ? "" : ", ") + family.modelType;
  }
  std::string found = !type               ? "has no 'model_type'"
                      : !type->asString() ? "'model_type' is " + std::string(type->kind())
                                          : "'model_type' is \"" + printable(*type->asString()) + "\"";
  std::string note = config.find("auto_map") ? "; its 'auto_map' code is never run" : "";
  return Error{"'" + printable(path) + "': " + found + ", supported are " + supported + note};
}

} // namespace

Result<ImportedModel> importModel(MLIRContext *context, const std::string &root, const ImportOptions &given) {
  ImportOptions options = given;
  Result<std::optional<SentenceModules>> sentence = readSentenceModules(root, options.followLinks);
  if (!sentence)
    return sentence.error();
  options.sentence = std::move(*sentence);
  std::string directory = options.sentence ? options.sentence->transformer : root;
  Result<JsonValue> config = readJsonObject(directory, "config.json", options.followLinks);
  if (!config)
    return config.error();
  std::string path = directory + "/config.json";
  Result<const Family *> family = findFamily(*config, path);
  if (!family)
    return family.error();
  if (options.sentence && (*family)->over != Family::SentenceTransformers)
    return Error{"'" + printable(path) + "': a modules.json over a model of this type is not supported"};
  if (!options.topology.empty() && (*family)->topology != Family::Choice)
    return Error{"--topology has no effect on '" + printable(root) + "', a model of type '" + (*family)->modelType +
                 "' without a decoder that reads an encoder; leave it out"};
  if (const JsonValue *quantized = config->find("quantization_config"); quantized && !quantized->isNull())
    return Error{"'" + printable(path) + "': has a 'quantization_config': packed integers are not read as weights"};
  Result<Checkpoint> checkpoint = Checkpoint::open(directory, options.followLinks);
  if (!checkpoint)
    return checkpoint.error();
  std::string stripped = checkpoint->stripWrappers();
  Result<ImportedModel> model = (*family)->import(context, *checkpoint, *config, directory, options);
  if (model && failed(verify(*model->module)))
    return Error{"'" + printable(directory) + "': the imported model does not verify; please report this"};
  if (model && !stripped.empty())
    model->notes.push_back("every tensor's name begins with '" + stripped + "', which a wrapper put there: left out");
  if (const JsonValue *name = config->find("_name_or_path"); model && name && name->asString())
    model->baseName = *name->asString();
  return model;
}

} // namespace ptx::frontends
