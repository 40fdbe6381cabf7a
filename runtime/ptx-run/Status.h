// What a function of ptx.h returned, as the tool's own kind of error.
#ifndef PTX_RUNTIME_PTX_RUN_STATUS_H
#define PTX_RUNTIME_PTX_RUN_STATUS_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

namespace ptx::run {

/// Frees `status`.
Status toStatus(ptx_status *status);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_STATUS_H
