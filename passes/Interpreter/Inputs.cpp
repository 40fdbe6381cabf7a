// The border of a call: what was given is checked, what was left out is
// filled in.
#include "passes/Interpreter/Evaluator.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

namespace {
/// The size of a dimension named in the function, and the input that fixed it.
struct Dimension {
  int64_t size;
  std::string input;
};
using Dimensions = llvm::StringMap<Dimension>;
} // namespace

static bool isMask(xf::InputOp input) {
  return cast<ShapedType>(input.getResult().getType()).getElementType().isInteger(1);
}

static LogicalResult checkNames(xf::FunctionOp function, const Inputs &given) {
  llvm::StringSet<> known;
  for (auto input : function.getBody().getOps<xf::InputOp>())
    known.insert(input.getName());
  for (const auto &[name, ignored] : given) {
    if (known.contains(name))
      continue;
    InFlightDiagnostic error = function.emitOpError("has no input '") << name << "', its inputs are";
    bool first = true;
    for (auto input : function.getBody().getOps<xf::InputOp>()) {
      error << (first ? " '" : ", '") << input.getName() << "'";
      first = false;
    }
    return error;
  }
  return success();
}

static LogicalResult bindDimensions(xf::InputOp input, const Integers &given, Dimensions &dimensions) {
  ArrayAttr names = input.getDims();
  if (names.size() != given.shape.size())
    return input.emitOpError("'") << input.getName() << "' has " << names.size() << " dimensions, found "
                                  << format(given.shape);
  for (auto [attr, size] : llvm::zip(names.getAsRange<StringAttr>(), given.shape)) {
    if (size < 1)
      return input.emitOpError("'") << input.getName() << "' has " << attr.getValue() << " = " << size
                                    << ", expected at least 1";
    auto [known, added] = dimensions.try_emplace(attr.getValue(), Dimension{size, input.getName().str()});
    if (!added && known->second.size != size)
      return input.emitOpError("'") << input.getName() << "' has " << attr.getValue() << " = " << size << ", but '"
                                    << known->second.input << "' has " << known->second.size;
  }
  if (static_cast<int64_t>(given.values.size()) != Integers::product(given.shape))
    return input.emitOpError("'") << input.getName() << "' has shape " << format(given.shape) << " but "
                                  << given.values.size() << " values";
  return success();
}

// A mask holds 0 and 1, an id lies in [0, limit), at hidden positions too.
static LogicalResult checkValues(xf::InputOp input, const Integers &given) {
  int64_t limit = isMask(input) ? 2 : static_cast<int64_t>(*input.getLimit());
  for (auto [index, id] : llvm::enumerate(given.values)) {
    if (id >= 0 && id < limit)
      continue;
    InFlightDiagnostic error = input.emitOpError("'")
                               << input.getName() << "' has the value " << id << " at index " << index << ", expected ";
    if (isMask(input))
      return error << "0 or 1";
    return error << "0 to " << limit - 1;
  }
  return success();
}

static FailureOr<Integers> fillIn(xf::InputOp input, const Dimensions &dimensions) {
  if (!isMask(input) && !input.getDefaultValue() && !input.getCounting())
    return input.emitOpError("'") << input.getName() << "' is missing";
  SmallVector<int64_t> shape;
  for (auto name : input.getDims().getAsRange<StringAttr>()) {
    auto known = dimensions.find(name.getValue());
    if (known == dimensions.end())
      return input.emitOpError("'") << input.getName() << "' is missing, and no input says what " << name.getValue()
                                    << " is";
    shape.push_back(known->second.size);
  }
  int64_t fill = isMask(input) ? 1 : input.getDefaultValue().value_or(0);
  return Integers(shape, fill);
}

// Numbers the ids that differ from the default, or all of them; see xf.input.
static Integers counted(const Integers &ids, std::optional<int64_t> byDefault) {
  Integers positions = ids;
  int64_t padding = byDefault.value_or(-1); // no id is negative
  int64_t length = ids.shape.back(), seen = 0;
  for (auto [index, id] : llvm::enumerate(ids.values)) {
    seen = static_cast<int64_t>(index) % length == 0 ? 0 : seen;
    seen += id != padding;
    positions.values[index] = id == padding ? padding : padding + seen;
  }
  return positions;
}

static FailureOr<Datum> asValue(xf::InputOp input, Integers integers) {
  if (input.getDims().size() == 1) // one position for each sequence
    integers.shape.push_back(1);
  if (!isMask(input))
    return datum(std::move(integers));
  if (integers.shape.size() != 2)
    return input.emitOpError("'") << input.getName() << "' must be a mask [B,S], found " << integers.shape.size()
                                  << " dimensions";
  Mask mask;
  mask.sequences = integers.shape[0];
  mask.length = integers.shape[1];
  mask.visible.assign(integers.values.begin(), integers.values.end());
  return datum(std::move(mask));
}

LogicalResult interp::bindInputs(xf::FunctionOp function, const Inputs &given, Call &call) {
  if (failed(checkNames(function, given)))
    return failure();
  Dimensions dimensions;
  auto inputs = function.getBody().getOps<xf::InputOp>();
  for (xf::InputOp input : inputs)
    if (auto it = given.find(input.getName().str()); it != given.end())
      if (failed(bindDimensions(input, it->second, dimensions)))
        return failure();
  for (xf::InputOp input : inputs) {
    auto it = given.find(input.getName().str());
    FailureOr<Integers> integers = it == given.end() ? fillIn(input, dimensions) : FailureOr<Integers>(it->second);
    if (succeeded(integers) && it == given.end() && input.getCounting())
      integers = counted(*std::get<IntegersPtr>(call.inputs.lookup(*input.getCounting())), input.getDefaultValue());
    if (failed(integers) || failed(checkValues(input, *integers)))
      return failure();
    FailureOr<Datum> bound = asValue(input, std::move(*integers));
    if (failed(bound))
      return failure();
    call.inputs[input.getName()] = *bound;
  }
  return success();
}
