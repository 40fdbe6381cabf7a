#ifndef PTX_FRONTENDS_PTX_COMPILE_CHECKWEIGHTS_H
#define PTX_FRONTENDS_PTX_COMPILE_CHECKWEIGHTS_H

#include "passes/Target/Artifact/ParameterTable.h"

#include "mlir/IR/BuiltinOps.h"

namespace ptx {

/// Whether each weight that IR from a file declares lies in the table with the
/// declared shape and type. Importers declare what they have read.
Status checkWeights(mlir::ModuleOp module, const ParameterTable &table);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_CHECKWEIGHTS_H
