#ifndef PTX_FRONTENDS_BERT_BERT_H
#define PTX_FRONTENDS_BERT_BERT_H

#include "frontends/common/Family.h"

namespace ptx::frontends {

/// BERT, RoBERTa, XLM-R and DistilBERT as Hugging Face saves them (Flavor.h: bare,
/// with their heads), and sentence-transformers directories over them.
Result<ImportedModel> importBert(mlir::MLIRContext *, const Checkpoint &, const JsonValue &config,
                                 const std::string &directory, const ImportOptions &);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_BERT_BERT_H
