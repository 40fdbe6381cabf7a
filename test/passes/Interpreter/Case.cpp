#include "test/passes/Interpreter/Case.h"
#include "dialects/xf/IR/XfFactors.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

// What the verifier let pass is of type T.
template <typename T> static Dense<T> read(Attribute attribute) {
  auto dense = cast<DenseElementsAttr>(attribute);
  auto values = dense.getValues<T>();
  return Dense<T>(dense.getType().getShape(), std::vector<T>(values.begin(), values.end()));
}

static llvm::Expected<Array> readArray(Operation *op, StringRef name) {
  if (Attribute value = op->getAttr(name))
    return read<double>(value);
  return llvm::createStringError("it has no " + name);
}

template <typename T> static T findAt(ModuleOp module, StringRef adapter, StringRef site) {
  for (auto op : module.lookupSymbol<xf::AdapterOp>(adapter).getBody().getOps<T>())
    if (op.getSite() == site)
      return op;
  return nullptr;
}

static llvm::Expected<Factors> readFactors(xf::DeltaOp delta) {
  llvm::Expected<Array> a = readArray(delta, "test.a"), b = readArray(delta, "test.b");
  if (!a || !b)
    return llvm::joinErrors(a.takeError(), b.takeError());
  Factors factors;
  factors.a = std::move(*a);
  factors.b = std::move(*b);
  auto scale = delta->getAttrOfType<FloatAttr>("test.scale");
  factors.scale = (scale ? scale.getValue() : delta.getScale()).convertToDouble();
  factors.embedding = delta.getForm() == xf::Form::Embedding;
  for (const xf::FactorInfo &info : xf::factorTable)
    if (Attribute vector = delta->getAttr(("test." + xf::stringifyFactor(info.factor)).str()))
      factors.vectors[info.factor] = read<double>(vector);
  return factors;
}

// The interpreter asks only for what the module declares.
static Readers readers(ModuleOp module) {
  Readers readers;
  readers.weight = [=](StringRef name) mutable {
    return readArray(module.lookupSymbol<xf::WeightOp>(name), "test.value");
  };
  readers.factors = [=](StringRef adapter, StringRef site) {
    return readFactors(findAt<xf::DeltaOp>(module, adapter, site));
  };
  readers.replacement = [=](StringRef adapter, StringRef site) {
    return readArray(findAt<xf::ReplacementOp>(module, adapter, site), "test.value");
  };
  return readers;
}

// Ten digits: a number that went through f32 shows.
static void print(StringRef name, const Array &array, llvm::raw_ostream &os) {
  os << name << " : ";
  llvm::interleave(array.shape, os, "x");
  os << '\n';
  for (int64_t row = 0; row < array.rows() && array.columns(); ++row) {
    llvm::interleave(
        llvm::ArrayRef(array.row(row), array.columns()), os, [&](double v) { os << llvm::format("%.10g", v); }, " ");
    os << '\n';
  }
}

namespace {
/// What the calls of a case leave to those behind them.
struct Session {
  State state;
  std::map<std::string, std::map<int64_t, int64_t>> lengths; // by history, by row
};
} // namespace

static LogicalResult runCall(Interpreter &interpreter, ModuleOp module, StringRef function, DictionaryAttr call,
                             Session &session, llvm::raw_ostream &os) {
  Inputs inputs;
  Rows rows(session.state);
  for (NamedAttribute input : call) {
    auto values = read<int64_t>(input.getValue());
    if (input.getName() == "session_rows")
      rows.rows = values.values;
    else
      inputs[input.getName().str()] = std::move(values);
  }
  if (rows.rows.empty() && !inputs.empty())
    for (int64_t b = 0; b < inputs.begin()->second.shape.front(); ++b)
      rows.rows.push_back(b);
  for (auto history : module.getOps<xf::HistoryOp>())
    for (int64_t row : rows.rows)
      rows.lengths[history.getSymName().str()].push_back(session.lengths[history.getSymName().str()][row]);
  FailureOr<Outputs> outputs = interpreter.call(function, inputs, &rows);
  if (failed(outputs))
    return failure();
  for (const auto &[history, lengths] : rows.lengths)
    for (auto [row, length] : llvm::zip(rows.rows, lengths))
      session.lengths[history][row] = length;
  for (const auto &[name, array] : *outputs)
    print(name, array, os);
  return success();
}

LogicalResult interp::runCalls(ModuleOp module, const std::string &adapter, llvm::raw_ostream &os) {
  Interpreter interpreter(module, readers(module), adapter);
  Session session;
  int64_t runs = 0, failures = 0;
  for (auto function : module.getOps<xf::FunctionOp>())
    if (auto calls = function->getAttrOfType<ArrayAttr>("test.calls"))
      for (auto call : calls.getAsRange<DictionaryAttr>()) {
        ++runs;
        failures += failed(runCall(interpreter, module, function.getSymName(), call, session, os));
      }
  if (!runs)
    return module.emitError("has no calls to run");
  return success(!failures);
}

LogicalResult interp::printParameters(ModuleOp module, const std::string &adapter, llvm::raw_ostream &os) {
  Interpreter interpreter(module, readers(module), adapter);
  int64_t printed = 0, failures = 0;
  for (auto parameter : module.getOps<xf::ParameterOp>()) {
    FailureOr<Array> array = interpreter.parameter(parameter.getSymName());
    ++printed;
    failures += failed(array);
    if (succeeded(array))
      print(parameter.getSymName(), *array, os);
  }
  if (!printed)
    return module.emitError("has no parameters to print");
  return success(!failures);
}
