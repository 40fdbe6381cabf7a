// How a tool ends when there is no memory, or something throws.
#ifndef PTX_RUNTIME_IO_FAILURE_H
#define PTX_RUNTIME_IO_FAILURE_H

#include <string>

namespace ptx {

/// For a tool's main: an exception that nobody catches, on whatever thread,
/// becomes a message and exit status 1. `tool` must live as long as the program.
void endOnFailures(const char *tool);

/// What the tool is at, and how large it is: "reading '/in' (80 bytes)".
void nowAt(const std::string &task);
/// What was said last.
const char *taskOf();

/// The message, with what the tool is at; then removes every temporary and
/// exits. Allocates nothing and unwinds nothing.
[[noreturn]] void endWith(const char *why);

} // namespace ptx

#endif // PTX_RUNTIME_IO_FAILURE_H
