// The attributes by which a module carries the values of its own test:
//
//   xf.weight, xf.replacement   test.value = dense<..> : tensor<..xf64>
//   xf.delta                    test.a, test.b and the vectors that it has, by their names in Xf_Factor:
//                               test.bias, test.magnitude, ..; test.scale in place of the delta's own
//   xf.function                 test.calls = [{INPUT = dense<..> : tensor<..xi64>, ..}, ..], its inputs in each call
//
// The verifier refuses every other attribute, and values of other types.
#ifndef PTX_TEST_PASSES_INTERPRETER_CASEDIALECT_H
#define PTX_TEST_PASSES_INTERPRETER_CASEDIALECT_H

#include "mlir/IR/Dialect.h"

namespace ptx::interp {

class CaseDialect : public mlir::Dialect {
public:
  explicit CaseDialect(mlir::MLIRContext *context)
      : Dialect(getDialectNamespace(), context, mlir::TypeID::get<CaseDialect>()) {}
  static llvm::StringRef getDialectNamespace() { return "test"; }
  mlir::LogicalResult verifyOperationAttribute(mlir::Operation *op, mlir::NamedAttribute attribute) override;
};

} // namespace ptx::interp

MLIR_DECLARE_EXPLICIT_TYPE_ID(ptx::interp::CaseDialect)

#endif // PTX_TEST_PASSES_INTERPRETER_CASEDIALECT_H
