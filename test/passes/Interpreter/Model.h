// A module as text with its weights, ready to be called.
#ifndef PTX_TEST_PASSES_INTERPRETER_MODEL_H
#define PTX_TEST_PASSES_INTERPRETER_MODEL_H

#include "passes/Interpreter/Interpreter.h"

#include "dialects/stage/IR/StageDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <random>

namespace ptx::interp {

/// Numbers that look random and are the same in every run.
inline Array noise(llvm::ArrayRef<int64_t> shape, unsigned seed) {
  std::mt19937 engine(seed);
  Array array(shape);
  for (double &value : array.values)
    value = static_cast<double>(engine()) / 2147483648.0 - 1.0;
  return array;
}

inline Array matrix(llvm::ArrayRef<int64_t> shape, std::vector<double> values) {
  return Array(shape, std::move(values));
}

inline Integers integers(llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values) {
  return Integers(shape, std::move(values));
}

inline void expectNear(const Array &found, const Array &expected, double tolerance = 1e-12) {
  ASSERT_EQ(std::vector<int64_t>(found.shape.begin(), found.shape.end()),
            std::vector<int64_t>(expected.shape.begin(), expected.shape.end()));
  for (size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], tolerance) << "at " << i;
}

class Model {
public:
  explicit Model(const std::string &text) {
    mlir::DialectRegistry registry;
    registry.insert<xf::XfDialect, stage::StageDialect, mlir::arith::ArithDialect, mlir::math::MathDialect,
                    mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diag) { error += diag.str() + "\n"; });
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << error;
  }

  mlir::FailureOr<Outputs> call(const Inputs &inputs, const std::string &function = "f") {
    error.clear();
    if (!module)
      return mlir::failure();
    return Interpreter(*module, readers(), adapter).call(function, inputs);
  }

  Outputs run(const Inputs &inputs, const std::string &function = "f") {
    mlir::FailureOr<Outputs> outputs = call(inputs, function);
    EXPECT_TRUE(mlir::succeeded(outputs)) << error;
    return mlir::succeeded(outputs) ? *outputs : Outputs();
  }

  Array parameter(const std::string &name) {
    error.clear();
    mlir::FailureOr<Array> array = Interpreter(*module, readers(), adapter).parameter(name);
    EXPECT_TRUE(mlir::succeeded(array)) << error;
    return mlir::succeeded(array) ? *array : Array();
  }

  /// The diagnostics of a call that must fail.
  std::string fail(const Inputs &inputs, const std::string &function = "f") {
    EXPECT_TRUE(mlir::failed(call(inputs, function)));
    return error;
  }

  std::map<std::string, Array> weights;
  std::map<std::pair<std::string, std::string>, Factors> factors;
  std::string adapter, error;

private:
  Readers readers() {
    Readers readers;
    readers.weight = [this](llvm::StringRef name) -> llvm::Expected<Array> {
      auto found = weights.find(name.str());
      if (found == weights.end())
        return llvm::createStringError("no such tensor");
      return found->second;
    };
    readers.factors = [this](llvm::StringRef adapter, llvm::StringRef site) -> llvm::Expected<Factors> {
      auto found = factors.find({adapter.str(), site.str()});
      if (found == factors.end())
        return llvm::createStringError("no such factors");
      return found->second;
    };
    return readers;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A module whose function @f looks ids up in E [8,4]: %ids, %m, %x are there
/// for `ops`; `symbols` stand beside it.
inline std::string lookup(const std::string &symbols, const std::string &ops,
                          const std::string &visible = "max_length 6") {
  return R"(
    !ids = tensor<?x?xi64>
    !mask = tensor<?x?xi1>
    !x = tensor<?x?x4xf32>
    !pooled = tensor<?x4xf32>
    !e = !xf.weight<8x4xf32>
    xf.weight @E : !e
  )" + symbols +
         R"(
    xf.function @f {
      %ids = xf.input "ids" ["B", "S"] limit 8 : !ids
      %given = xf.input "mask" ["B", "S"] : !mask
      %m = xf.visible %given )" +
         visible + R"( : !mask -> !mask
      %e = xf.use @E : !e
      %x = xf.embedding %ids, %e where %m : !ids, !e, !mask -> !x
  )" + ops +
         "}";
}

/// @f over rows: %ids, %given, %sp (its space), %i, %t (E [8,4] as a table)
/// and %x, its rows, are there for `ops`. !r and !i are per token, !rs and !is
/// per sequence.
inline std::string rows(const std::string &symbols, const std::string &ops, const std::string &space = "max_length 6") {
  return R"(
    !ids = tensor<?x?xi64>
    !mask = tensor<?x?xi1>
    !r = tensor<?x4xf32>
    !i = tensor<?xi32>
    !rs = tensor<?x4xf32, #stage.per_sequence>
    !is = tensor<?xi32, #stage.per_sequence>
    !table = !xf.packed<table, 8x4xf32>
    !e = !xf.weight<8x4xf32>
    xf.weight @E : !e
    xf.parameter @table : !table {
      %0 = xf.use @E : !e
      %1 = xf.pack %0 : !e -> !table
      xf.yield %1 : !table
    }
  )" + symbols +
         R"(
    xf.function @f {
      %ids = xf.input "ids" ["B", "S"] limit 8 : !ids
      %given = xf.input "mask" ["B", "S"] : !mask
      %sp = stage.space %given )" +
         space + R"( : !mask -> !stage.space
      %i = stage.ids %ids, %sp : !ids, !stage.space -> !i
      %t = xf.get @table : !table
      %x = stage.gather (%t : !table) at (%i : !i) {
      ^bb0(%v: f32):
        xf.yield %v : f32
      } -> !r
  )" + ops +
         "}";
}

} // namespace ptx::interp

#endif // PTX_TEST_PASSES_INTERPRETER_MODEL_H
