// What IR holds between two passes: every pass says which form it starts from
// and refuses another with an error, so that none meets an op it does not know.
#ifndef PTX_PASSES_ANALYSIS_FORM_H
#define PTX_PASSES_ANALYSIS_FORM_H

#include "mlir/IR/BuiltinOps.h"

namespace ptx {

/// In the order of the passes.
enum class IrForm {
  Model,     // as frontends build it: linears and embeddings over stored weights
  Adapted,   // with slots for adapters, or the weights merged with them
  Scheduled, // with calls in waves
  Packed,    // computation reads packed weights alone
  Deployed,  // and weight expressions stand in parameters
  Staged,    // skeletons over rows
  Flat,      // without calls and bodies
  Launched,  // stages in launches
};

/// Checks the ops of a module, or of one function, and that layer bodies are
/// there, are one block and call nothing. Emits an error that names the op and
/// the phase that starts from the form.
llvm::LogicalResult checkForm(mlir::Operation *root, IrForm form);

} // namespace ptx

#endif // PTX_PASSES_ANALYSIS_FORM_H
