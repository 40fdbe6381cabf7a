// A module that carries its own values (CaseDialect.h), run by the interpreter.
#ifndef PTX_TEST_PASSES_INTERPRETER_CASE_H
#define PTX_TEST_PASSES_INTERPRETER_CASE_H

#include "passes/Interpreter/Interpreter.h"

namespace ptx::interp {

/// Runs each call of each function, in their order, and prints its outputs by
/// name: a line `NAME : 2x3`, then a line for each row that has
/// elements. All calls are of one session: a sequence has the row of its
/// number, or that which `session_rows` gives it.
mlir::LogicalResult runCalls(mlir::ModuleOp module, const std::string &adapter, llvm::raw_ostream &os);

/// Prints every parameter in the same form.
mlir::LogicalResult printParameters(mlir::ModuleOp module, const std::string &adapter, llvm::raw_ostream &os);

} // namespace ptx::interp

#endif // PTX_TEST_PASSES_INTERPRETER_CASE_H
