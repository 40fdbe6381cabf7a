// Regions of scalar `arith` and `math`, in f64.
#ifndef PTX_PASSES_INTERPRETER_SCALAR_H
#define PTX_PASSES_INTERPRETER_SCALAR_H

#include "passes/Interpreter/Evaluator.h"

#include <array>

namespace ptx::interp {

/// One operation on scalars; an i1 is 0 or 1.
using ScalarFunction = double (*)(mlir::Operation *op, const double *operands);

/// The function of an operation, or null.
ScalarFunction scalarFunction(mlir::Operation *op);

/// A region as a list of steps over registers, so that it is looked up once
/// and run for every element.
class ScalarProgram {
public:
  /// The region must take `arguments` scalars and yield one. Values from
  /// outside are read from the frame now.
  static mlir::FailureOr<ScalarProgram> compile(Frame &frame, mlir::Operation *owner, mlir::Region &region,
                                                size_t arguments);

  /// The registers to fill with the arguments.
  double *arguments() { return registers.data(); }
  double run();

private:
  struct Step {
    mlir::Operation *op;
    ScalarFunction function;
    std::array<size_t, 3> operands;
    size_t result;
  };
  size_t add(mlir::Value value, double initial);
  mlir::LogicalResult addStep(Frame &frame, mlir::Operation *op);
  mlir::FailureOr<size_t> find(Frame &frame, mlir::Operation *user, mlir::Value value);

  llvm::DenseMap<mlir::Value, size_t> places;
  std::vector<double> registers;
  std::vector<Step> steps;
  size_t result = 0;
};

} // namespace ptx::interp

#endif // PTX_PASSES_INTERPRETER_SCALAR_H
