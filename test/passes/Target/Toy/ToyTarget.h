// A target of one file: all that a new target takes. Its code is a line per
// entry; nothing runs it.
#ifndef PTX_TEST_PASSES_TARGET_TOY_TOYTARGET_H
#define PTX_TEST_PASSES_TARGET_TOY_TOYTARGET_H

#include "passes/Target/Target.h"

namespace ptx::toy {
const Target &target();
} // namespace ptx::toy

#endif // PTX_TEST_PASSES_TARGET_TOY_TOYTARGET_H
