#ifndef PTX_FRONTENDS_PTRANSFORMER_PTRANSFORMER_H
#define PTX_FRONTENDS_PTRANSFORMER_PTRANSFORMER_H

#include "frontends/common/Family.h"

namespace ptx::frontends {

/// Encoder-decoders of nn.TransformerEncoderLayer and nn.TransformerDecoderLayer:
/// model_type "p_transformer" and "transformer".
Result<ImportedModel> importPTransformer(mlir::MLIRContext *, const Checkpoint &, const JsonValue &config,
                                         const std::string &directory, const ImportOptions &);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_PTRANSFORMER_PTRANSFORMER_H
