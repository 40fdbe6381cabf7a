// The one way ptx writes files.
#ifndef PTX_RUNTIME_IO_OUTPUT_H
#define PTX_RUNTIME_IO_OUTPUT_H

#include "runtime/io/result.h"

#include <cstddef>
#include <functional>
#include <string>

namespace ptx {

/// Appends to an output under construction.
using Append = std::function<Status(const void *data, size_t size)>;

/// Writes an output by the kind of what `path` names. A regular file, or none
/// yet: replaced by rename of a temporary beside it when it is whole, and left
/// as it was when `write` fails; a link is followed and stays. A device, a
/// pipe, a standard stream ("-" is standard output): written to. A directory
/// is an error.
Status writeOutput(const std::string &path, const std::function<Status(const Append &)> &write);

/// For `main` of a tool: SIGINT, SIGTERM and SIGHUP remove temporaries first.
void removeTemporariesOnSignals();

} // namespace ptx

#endif // PTX_RUNTIME_IO_OUTPUT_H
