#ifndef PTX_FRONTENDS_BERT_BERT_H
#define PTX_FRONTENDS_BERT_BERT_H

#include "frontends/common/Family.h"

namespace ptx::frontends {

/// BERT as Hugging Face saves it (bare, pooler, sequence, token, masked-LM and
/// pre-training heads), and sentence-transformers directories over it.
Result<ImportedModel> importBert(mlir::MLIRContext *, const Checkpoint &, const JsonValue &config,
                                 const std::string &directory, const ImportOptions &);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_BERT_BERT_H
