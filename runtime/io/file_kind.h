// What a file is that is not what it should be, for messages.
#ifndef PTX_RUNTIME_IO_FILE_KIND_H
#define PTX_RUNTIME_IO_FILE_KIND_H

#include "runtime/io/file.h"

#include <string>
#include <string_view>

namespace ptx {

/// "; it is a Git LFS pointer: run `git lfs pull`..." by the first bytes, or
/// nothing where they tell nothing. Stands at the end of a message.
std::string looksLike(std::string_view beginning);
std::string looksLike(const File &file);
/// The same where JSON was expected: nothing where it looks like that.
std::string looksUnlikeJson(const File &file);

} // namespace ptx

#endif // PTX_RUNTIME_IO_FILE_KIND_H
