// MLIR's own flags of ptx-compile: printing of IR, timing, threading.
#ifndef PTX_FRONTENDS_PTX_COMPILE_MLIRFLAGS_H
#define PTX_FRONTENDS_PTX_COMPILE_MLIRFLAGS_H

#include "runtime/io/result.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace ptx {

/// What their names begin with.
inline constexpr const char *mlirFlagPrefix = "--mlir-";

/// Once, before the first context is made; pass managers then apply them.
Status parseMlirFlags(llvm::ArrayRef<std::string> flags);

} // namespace ptx

#endif // PTX_FRONTENDS_PTX_COMPILE_MLIRFLAGS_H
