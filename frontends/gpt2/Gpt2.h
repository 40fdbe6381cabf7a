#ifndef PTX_FRONTENDS_GPT2_GPT2_H
#define PTX_FRONTENDS_GPT2_GPT2_H

#include "frontends/common/Family.h"

namespace ptx::frontends {

/// GPT-2 (Radford et al. 2019) as Hugging Face saves it, bare and with its
/// language-model head: a causal decoder, norms in front, learned positions,
/// linears stored [IN,OUT].
Result<ImportedModel> importGpt2(mlir::MLIRContext *, const Checkpoint &, const JsonValue &config,
                                 const std::string &directory, const ImportOptions &);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_GPT2_GPT2_H
