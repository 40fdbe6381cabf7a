// What a module reads from outside: stored tensors, adapter factors, and the
// parameters computed from them.
#include "dialects/xf/IR/XfFactors.h"
#include "passes/Interpreter/Evaluator.h"

#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static LogicalResult checkFinite(Operation *user, const Array &array, const Twine &what) {
  for (auto [index, value] : llvm::enumerate(array.values))
    if (!std::isfinite(value))
      return user->emitOpError("reads a value that is not finite: ") << what << ", element " << index;
  return success();
}

static LogicalResult checkArray(Operation *user, const Array &array, llvm::ArrayRef<int64_t> shape, const Twine &what) {
  if (llvm::ArrayRef(array.shape) != shape)
    return user->emitOpError("expects ") << what << " of shape " << format(shape) << ", found " << format(array.shape);
  if (static_cast<int64_t>(array.values.size()) != Array::product(shape))
    return user->emitOpError("expects ") << Array::product(shape) << " elements in " << what << ", found "
                                         << array.values.size();
  return checkFinite(user, array, what);
}

FailureOr<ArrayPtr> Binding::weight(Operation *user, StringRef name) {
  if (ArrayPtr known = weights.lookup(name))
    return known;
  auto declared = symbols.lookup<xf::WeightOp>(name);
  if (!declared)
    return user->emitOpError("reads '") << name << "', which is no weight";
  if (!readers.weight)
    return user->emitOpError("reads '") << name << "', but the call gives no reader of weights";
  llvm::Expected<Array> read = readers.weight(name);
  if (!read)
    return user->emitOpError("cannot read '") << name << "': " << llvm::toString(read.takeError());
  llvm::ArrayRef<int64_t> shape = cast<xf::WeightType>(declared.getType()).getShape();
  if (failed(checkArray(user, *read, shape, "'" + name + "'")))
    return failure();
  return weights[name] = std::make_shared<const Array>(std::move(*read));
}

static xf::DeltaOp findDelta(xf::AdapterOp adapter, StringRef site) {
  for (auto delta : adapter.getBody().getOps<xf::DeltaOp>())
    if (delta.getSite() == site)
      return delta;
  return {};
}

// The factors as read must be those that the module was compiled for.
static LogicalResult checkFactors(Operation *user, xf::DeltaOp delta, const Factors &factors, int64_t out, int64_t in) {
  std::string where = ("'" + delta.getSite() + "'").str();
  int64_t rank = delta.getRank();
  if (failed(checkArray(user, factors.a, {rank, in}, "A for " + where)) ||
      failed(checkArray(user, factors.b, {out, rank}, "B for " + where)))
    return failure();
  if (factors.embedding != (delta.getForm() == xf::Form::Embedding))
    return user->emitOpError("expects factors for ") << where << " in form " << stringifyForm(delta.getForm());
  double scale = delta.getScale().convertToDouble();
  if (!(std::abs(factors.scale - scale) <= 1e-6 * std::abs(scale)))
    return user->emitOpError("expects scale ") << scale << " for " << where << ", found " << factors.scale;
  for (const xf::FactorInfo &info : xf::factorTable) {
    const Array *own = factors.find(info.factor);
    StringRef name = xf::stringifyEnum(info.factor);
    if (static_cast<bool>(own) != delta.has(info.factor))
      return user->emitOpError("expects factors for ") << where << (own ? " without " : " with ") << name;
    if (own && failed(checkArray(user, *own, {info.isOfInputs ? in : out}, name + " for " + where)))
      return failure();
  }
  return success();
}

FailureOr<LowRank> Binding::factors(Operation *user, StringRef site, int64_t out, int64_t in) {
  auto declared = adapter.empty() ? nullptr : symbols.lookup<xf::AdapterOp>(adapter);
  xf::DeltaOp delta = declared ? findDelta(declared, site) : nullptr;
  if (!delta)
    return LowRank();
  LowRank &known = lowRanks[site];
  if (!known) {
    if (!readers.factors)
      return user->emitOpError("reads adapter '") << adapter << "', but the call gives no reader of adapters";
    llvm::Expected<Factors> read = readers.factors(adapter, site);
    if (!read)
      return user->emitOpError("cannot read adapter '")
             << adapter << "' for '" << site << "': " << llvm::toString(read.takeError());
    known = std::make_shared<const Factors>(std::move(*read));
  }
  if (failed(checkFactors(user, delta, *known, out, in)))
    return failure();
  return known;
}

FailureOr<ArrayPtr> Binding::replacement(Operation *user, StringRef site, llvm::ArrayRef<int64_t> shape) {
  auto declared = adapter.empty() ? nullptr : symbols.lookup<xf::AdapterOp>(adapter);
  bool brings = declared && llvm::any_of(declared.getBody().getOps<xf::ReplacementOp>(),
                                         [&](xf::ReplacementOp op) { return op.getSite() == site; });
  if (!brings)
    return ArrayPtr();
  ArrayPtr &known = replacements[site];
  if (known)
    return known;
  if (!readers.replacement)
    return user->emitOpError("reads adapter '") << adapter << "', but the call gives no reader of its own tensors";
  llvm::Expected<Array> read = readers.replacement(adapter, site);
  if (!read)
    return user->emitOpError("cannot read adapter '")
           << adapter << "' for '" << site << "': " << llvm::toString(read.takeError());
  if (failed(checkArray(user, *read, shape, "the tensor of adapter '" + adapter + "' for '" + site + "'")))
    return failure();
  return known = std::make_shared<const Array>(std::move(*read));
}

FailureOr<Datum> Binding::parameter(Operation *user, StringRef name) {
  if (auto known = parameters.find(name); known != parameters.end())
    return known->second;
  auto declared = symbols.lookup<xf::ParameterOp>(name);
  if (!declared)
    return user->emitOpError("reads '") << name << "', which is no parameter";
  FailureOr<SmallVector<Datum>> results = Frame::runBody(*this, nullptr, declared, declared.getBody(), {});
  if (failed(results))
    return failure();
  if (results->size() != 1)
    return declared.emitOpError("must yield one value, found ") << results->size();
  return parameters[name] = results->front();
}

LogicalResult Binding::checkAdapter() {
  if (adapter.empty() || symbols.lookup<xf::AdapterOp>(adapter))
    return success();
  InFlightDiagnostic error = module.emitError("unknown adapter '") << adapter << "', the module has";
  bool any = false;
  for (auto op : module.getOps<xf::AdapterOp>()) {
    error << (any ? ", '" : " '") << op.getSymName() << "'";
    any = true;
  }
  if (!any)
    error << " none";
  return error;
}
