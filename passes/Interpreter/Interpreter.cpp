#include "passes/Interpreter/Interpreter.h"
#include "passes/Interpreter/Evaluator.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

Interpreter::Interpreter(ModuleOp module, Readers readers, std::string adapter)
    : binding(std::make_unique<Binding>(module, std::move(readers), std::move(adapter))) {}

Interpreter::~Interpreter() = default;

FailureOr<Outputs> Interpreter::call(StringRef function, const Inputs &inputs, Rows *rows) {
  auto op = binding->symbols.lookup<xf::FunctionOp>(function);
  if (!op)
    return binding->module.emitError("has no function '") << function << "'";
  Call call;
  call.rows = rows;
  if (failed(binding->checkAdapter()) || failed(bindInputs(op, inputs, call)) || failed(bindHistories(op, call)) ||
      failed(Frame::runBody(*binding, &call, op, op.getBody(), {})))
    return failure();
  keepRows(call);
  return std::move(call.outputs);
}

FailureOr<Array> Interpreter::parameter(StringRef name) {
  if (failed(binding->checkAdapter()))
    return failure();
  FailureOr<Datum> value = binding->parameter(binding->module, name);
  if (failed(value))
    return failure();
  auto *array = std::get_if<ArrayPtr>(&*value);
  if (!array)
    return binding->module.emitError("'") << name << "' is no array";
  return **array;
}
