// --bench and --trace: where the time of a call goes.
#ifndef PTX_RUNTIME_PTX_RUN_BENCH_H
#define PTX_RUNTIME_PTX_RUN_BENCH_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <functional>
#include <string>

namespace ptx::run {

/// Times `call` on the session and prints a row per launch, one line of advice
/// and, as the last line, the figures as JSON.
Status bench(ptx_program *program, ptx_session *session, unsigned runs, const std::function<Status()> &call);

/// Writes the launches of the session's last call in the trace event format
/// that chrome://tracing and Perfetto read.
Status writeTrace(const std::string &path, const ptx_session *session);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_BENCH_H
