// From an LLVM module to a shared object: what every target that makes host
// code does the same way.
#ifndef PTX_PASSES_TARGET_COMMON_LINK_H
#define PTX_PASSES_TARGET_COMMON_LINK_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <vector>

namespace ptx::target {

/// A machine for x86-64 Linux: position independent, and a multiply and an add
/// stay two roundings.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeHostMachine(llvm::StringRef processor,
                                                                     llvm::StringRef features);

/// An optimised module to an ELF object.
llvm::Expected<std::vector<char>> emitObject(llvm::Module &module, llvm::TargetMachine &machine);

/// An object to a shared object without dependencies. Equal inputs give equal bytes.
llvm::Expected<std::vector<char>> linkShared(const std::vector<char> &object);

} // namespace ptx::target

#endif // PTX_PASSES_TARGET_COMMON_LINK_H
