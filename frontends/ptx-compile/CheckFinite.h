#ifndef PTX_FRONTENDS_PTX_COMPILE_CHECKFINITE_H
#define PTX_FRONTENDS_PTX_COMPILE_CHECKFINITE_H

#include "passes/Target/Artifact/ParameterTable.h"

namespace ptx {

/// Reads every tensor of the table once; a NaN or an infinity is an error that
/// names the file, the tensor and the first index.
Status checkFinite(const ParameterTable &table);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_CHECKFINITE_H
