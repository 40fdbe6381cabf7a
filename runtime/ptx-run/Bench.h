// --bench: where the time of a call goes, beside what the machine can do.
#ifndef PTX_RUNTIME_PTX_RUN_BENCH_H
#define PTX_RUNTIME_PTX_RUN_BENCH_H

#include "runtime/io/result.h"
#include "runtime/ptx.h"

#include <functional>

namespace ptx::run {

/// Times `call` on the session and prints a row per launch (how near the roof
/// that bounds it: arithmetic, or reading what the call reads), one line of
/// advice and, as the last line, the figures as JSON.
Status bench(ptx_program *program, ptx_session *session, unsigned runs, const std::function<Status()> &call);

/// The same of a generation, which tells its ids to the function it is given: of
/// its first call, until the first id is chosen, and of its steps.
Status benchGeneration(ptx_program *program, ptx_session *session, unsigned runs,
                       const std::function<Status(ptx_token_fn chosen, void *user)> &generate);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_BENCH_H
