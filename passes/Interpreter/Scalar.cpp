// Scalars: the functions of arith and math, the regions made of them, and the
// same functions on whole tensors element by element.
#include "passes/Interpreter/Scalar.h"

#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static double compare(arith::CmpFPredicate predicate, double x, double y) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(x) || std::isnan(y);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::OEQ:
    return x == y;
  case P::OGT:
    return x > y;
  case P::OGE:
    return x >= y;
  case P::OLT:
    return x < y;
  case P::OLE:
    return x <= y;
  case P::ONE:
    return !unordered && x != y;
  case P::ORD:
    return !unordered;
  case P::UEQ:
    return unordered || x == y;
  case P::UGT:
    return unordered || x > y;
  case P::UGE:
    return unordered || x >= y;
  case P::ULT:
    return unordered || x < y;
  case P::ULE:
    return unordered || x <= y;
  case P::UNE:
    return unordered || x != y;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  }
  return false;
}

// maximumf and minimumf hand a NaN on and order -0.0 before 0.0.
static double maximum(double x, double y) {
  if (std::isnan(x) || std::isnan(y))
    return x + y;
  if (x == y)
    return std::signbit(x) ? y : x;
  return x > y ? x : y;
}

using Functions = llvm::StringMap<ScalarFunction>;

static const Functions &functions() {
  using Op = Operation;
  using V = const double *;
  static const Functions table = {
      {"arith.addf", [](Op *, V v) { return v[0] + v[1]; }},
      {"arith.subf", [](Op *, V v) { return v[0] - v[1]; }},
      {"arith.mulf", [](Op *, V v) { return v[0] * v[1]; }},
      {"arith.divf", [](Op *, V v) { return v[0] / v[1]; }},
      {"arith.negf", [](Op *, V v) { return -v[0]; }},
      {"arith.maximumf", [](Op *, V v) { return maximum(v[0], v[1]); }},
      {"arith.minimumf", [](Op *, V v) { return -maximum(-v[0], -v[1]); }},
      {"arith.maxnumf", [](Op *, V v) { return std::fmax(v[0], v[1]); }},
      {"arith.minnumf", [](Op *, V v) { return std::fmin(v[0], v[1]); }},
      {"arith.cmpf", [](Op *op, V v) { return compare(cast<arith::CmpFOp>(op).getPredicate(), v[0], v[1]); }},
      {"arith.select", [](Op *, V v) { return v[0] != 0 ? v[1] : v[2]; }},
      {"math.exp", [](Op *, V v) { return std::exp(v[0]); }},
      {"math.erf", [](Op *, V v) { return std::erf(v[0]); }},
      {"math.tanh", [](Op *, V v) { return std::tanh(v[0]); }},
      {"math.sqrt", [](Op *, V v) { return std::sqrt(v[0]); }},
      {"math.rsqrt", [](Op *, V v) { return 1.0 / std::sqrt(v[0]); }},
      {"math.fma", [](Op *, V v) { return std::fma(v[0], v[1], v[2]); }},
      {"math.absf", [](Op *, V v) { return std::fabs(v[0]); }},
      {"math.copysign", [](Op *, V v) { return std::copysign(v[0], v[1]); }},
  };
  return table;
}

ScalarFunction interp::scalarFunction(Operation *op) { return functions().lookup(op->getName().getStringRef()); }

// A float or i1 constant.
static FailureOr<double> scalarConstant(arith::ConstantOp op) {
  if (auto real = dyn_cast<FloatAttr>(op.getValue()))
    return real.getValueAsDouble();
  if (auto truth = dyn_cast<BoolAttr>(op.getValue()))
    return truth.getValue() ? 1.0 : 0.0;
  return op.emitOpError("has a value that the reference interpreter does not "
                        "know: ")
         << op.getValue();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

size_t ScalarProgram::add(mlir::Value value, double initial) {
  places[value] = registers.size();
  registers.push_back(initial);
  return registers.size() - 1;
}

FailureOr<size_t> ScalarProgram::find(Frame &frame, Operation *user, mlir::Value value) {
  if (auto known = places.find(value); known != places.end())
    return known->second;
  // Canonicalisation moves constants out of regions.
  Datum outside = frame.any(value);
  if (auto *scalar = std::get_if<double>(&outside))
    return add(value, *scalar);
  return user->emitOpError("reads a value that is no scalar: ") << value.getType();
}

LogicalResult ScalarProgram::addStep(Frame &frame, Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    FailureOr<double> value = scalarConstant(constant);
    if (failed(value))
      return failure();
    add(constant.getResult(), *value);
    return success();
  }
  Step step{op, scalarFunction(op), {0, 0, 0}, 0};
  if (!step.function || op->getNumOperands() > step.operands.size())
    return op->emitOpError("is unknown to the reference interpreter in a "
                           "region");
  for (auto [place, operand] : llvm::zip(step.operands, op->getOperands())) {
    FailureOr<size_t> found = find(frame, op, operand);
    if (failed(found))
      return failure();
    place = *found;
  }
  step.result = add(op->getResult(0), 0);
  steps.push_back(step);
  return success();
}

FailureOr<ScalarProgram> ScalarProgram::compile(Frame &frame, Operation *owner, Region &region, size_t arguments) {
  Block &block = region.front();
  if (!region.hasOneBlock() || block.getNumArguments() != arguments)
    return owner->emitOpError("expects a region of one block with ")
           << arguments << " arguments, found " << block.getNumArguments();
  ScalarProgram program;
  for (mlir::Value argument : block.getArguments())
    program.add(argument, 0);
  for (Operation &op : block.without_terminator())
    if (failed(program.addStep(frame, &op)))
      return failure();
  Operation *yield = block.getTerminator();
  if (yield->getNumOperands() != 1)
    return yield->emitOpError("must yield one element, found ") << yield->getNumOperands();
  FailureOr<size_t> result = program.find(frame, yield, yield->getOperand(0));
  if (failed(result))
    return failure();
  program.result = *result;
  return program;
}

double ScalarProgram::run() {
  for (const Step &step : steps) {
    double operands[3];
    for (size_t i = 0; i < 3; ++i)
      operands[i] = registers[step.operands[i]];
    registers[step.result] = step.function(step.op, operands);
  }
  return registers[result];
}

//===----------------------------------------------------------------------===//
// Outside regions
//===----------------------------------------------------------------------===//

static LogicalResult constant(Frame &frame, arith::ConstantOp op) {
  auto dense = dyn_cast<DenseFPElementsAttr>(op.getValue());
  if (!dense) {
    FailureOr<double> scalar = scalarConstant(op);
    if (failed(scalar))
      return failure();
    return frame.set(op.getResult(), Datum(*scalar));
  }
  Array result(dense.getType().getShape());
  for (auto [element, given] : llvm::zip(result.values, dense.getValues<APFloat>())) {
    APFloat wide = given;
    bool inexact;
    wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    element = wide.convertToDouble();
  }
  return frame.set(op.getResult(), std::move(result));
}

// All operands are scalars, or all are tensors of one shape.
static LogicalResult elementwise(Frame &frame, Operation *op) {
  ScalarFunction function = scalarFunction(op);
  SmallVector<const Array *> arrays;
  double operands[3] = {0, 0, 0};
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    Datum value = frame.any(operand);
    if (auto *scalar = std::get_if<double>(&value))
      operands[index] = *scalar;
    else if (std::holds_alternative<ArrayPtr>(value))
      arrays.push_back(&frame.array(operand));
    else
      return op->emitOpError("is known to the reference interpreter for "
                             "scalars and float tensors, found ")
             << operand.getType();
  }
  if (arrays.empty())
    return frame.set(op->getResult(0), Datum(function(op, operands)));
  if (arrays.size() != op->getNumOperands())
    return op->emitOpError("mixes scalars and tensors");
  Array result(arrays.front()->shape);
  for (const Array *array : arrays)
    if (array->shape != result.shape)
      return op->emitOpError("has operands of shapes ") << format(result.shape) << " and " << format(array->shape);
  for (size_t i = 0; i < result.values.size(); ++i) {
    for (size_t j = 0; j < arrays.size(); ++j)
      operands[j] = arrays[j]->values[i];
    result.values[i] = function(op, operands);
  }
  return frame.set(op->getResult(0), std::move(result));
}

void interp::addScalar(Table &table) {
  table.add<constant>();
  for (const auto &entry : functions())
    table.add(entry.getKey(), elementwise);
}
