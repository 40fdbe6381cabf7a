// Where an output goes.
#ifndef PTX_RUNTIME_IO_OUTPUT_H
#define PTX_RUNTIME_IO_OUTPUT_H

#include "runtime/io/result.h"

#include <string>

namespace ptx {

/// Whether `path` can be written, for asking before long work; nothing is
/// changed.
Status checkOutput(const std::string &path);

/// Whether files can be written into `path`, a directory that exists or can be made.
Status checkOutputDirectory(const std::string &path);

/// Whether two names are of one file that exists, whatever leads to it.
bool isSameFile(const std::string &a, const std::string &b);

/// Whether it is this process's standard output: "-", /dev/stdout, /dev/fd/1.
bool isStandardOutput(const std::string &path);

/// Whether it is written to and not replaced: a stream, a device, a FIFO.
bool isStream(const std::string &path);

} // namespace ptx

#endif // PTX_RUNTIME_IO_OUTPUT_H
