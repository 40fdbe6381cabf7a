// --trace: what each launch and each worker of a call did, and when it waited.
#ifndef PTX_RUNTIME_PTX_RUN_TRACE_H
#define PTX_RUNTIME_PTX_RUN_TRACE_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <string>

namespace ptx::run {

/// Writes the session's last call in the trace event format that
/// chrome://tracing and Perfetto read: a row of launches, and one per worker
/// with its tiles and its waits.
Status writeTrace(const std::string &path, const ptx_program *program, const ptx_session *session);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_TRACE_H
