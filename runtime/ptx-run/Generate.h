// --generate: prompts from the command line or a file, new ids out.
#ifndef PTX_RUNTIME_PTX_RUN_GENERATE_H
#define PTX_RUNTIME_PTX_RUN_GENERATE_H

#include "runtime/ptx-run/Options.h"
#include "runtime/ptx-run/Tensors.h"

namespace ptx::run {

/// One prompt as `input_ids` [1,S].
Inputs promptInputs(const std::vector<int64_t> &ids);

/// Generates, writes `generated_ids` where --outputs asks for it, and prints the
/// new ids of the first row, comma-separated, as the last line of standard output;
/// with --bench figures in place of the ids.
Status printGenerated(const Options &options, ptx_program *program, ptx_session *session, const Inputs &inputs);

} // namespace ptx::run

#endif // PTX_RUNTIME_PTX_RUN_GENERATE_H
