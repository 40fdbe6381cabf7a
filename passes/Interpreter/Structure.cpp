// Functions, their inputs and outputs, calls, waves: what holds a model
// together. Stage launches too, for they only group.
#include "passes/Interpreter/Evaluator.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static LogicalResult input(Frame &frame, xf::InputOp op) {
  return frame.set(op.getResult(), frame.call->inputs.lookup(op.getName()));
}

FailureOr<Mask> interp::visibleMask(Frame &frame, Operation *op, mlir::Value source, int64_t maxLength, bool keepFirst,
                                    std::optional<HistoryUse> history) {
  Mask mask;
  if (cast<ShapedType>(source.getType()).getElementType().isInteger(1)) {
    mask = frame.mask(source);
  } else {
    const Integers &ids = frame.integers(source);
    if (ids.shape.size() != 2)
      return op->emitOpError("expects ids [B,S], found ") << format(ids.shape);
    mask.sequences = ids.shape[0];
    mask.length = ids.shape[1];
    mask.visible.assign(ids.values.size(), true);
  }
  if (mask.length > maxLength)
    return op->emitOpError("has ") << mask.length << " positions, the model takes at most " << maxLength;
  mask.keepFirst |= keepFirst;
  if (!history)
    return mask;
  // How long it becomes, bindHistories has checked.
  const std::vector<int64_t> *past = frame.call->past(history->name);
  if (!past || static_cast<int64_t>(past->size()) != mask.sequences)
    return op->emitOpError("needs the rows of a session");
  mask.past = history->continues ? *past : std::vector<int64_t>(mask.sequences, 0);
  return mask;
}

static LogicalResult visible(Frame &frame, xf::VisibleOp op) {
  FailureOr<Mask> mask =
      visibleMask(frame, op, op.getSource(), op.getMaxLength(), op.getKeepFirst(), HistoryUse::of(op));
  if (failed(mask))
    return failure();
  return frame.set(op.getResult(), datum(std::move(*mask)));
}

static LogicalResult positions(Frame &frame, xf::PositionsOp op) {
  const Mask &mask = frame.mask(op.getMask());
  Integers result({mask.sequences, mask.length});
  for (int64_t b = 0; b < mask.sequences; ++b)
    for (int64_t s = 0; s < mask.length; ++s)
      result.at(b, s) = mask.position(b, s);
  return frame.set(op.getResult(), datum(std::move(result)));
}

// Zeroes the rows of positions that do not exist. A value per sequence [B,D]
// has none such.
static LogicalResult output(Frame &frame, xf::OutputOp op) {
  bool isNumbers = xf::isNumbers(op.getValue().getType());
  Array result = isNumbers ? widened(frame.integers(op.getValue())) : frame.array(op.getValue());
  bool perPosition = result.shape.size() == 3;
  if (!perPosition && !isNumbers && result.shape.size() != 2)
    return op.emitOpError("expects [B,S,D] or [B,D], found ") << format(result.shape);
  if (op.getMask()) {
    const Mask &mask = frame.mask(op.getMask());
    if (result.shape[0] != mask.sequences || (perPosition && result.shape[1] != mask.length))
      return op.emitOpError("has a value of shape ")
             << format(result.shape) << " under a mask of shape " << format({mask.sequences, mask.length});
    for (int64_t row = 0; perPosition && row < result.rows(); ++row)
      if (!mask.sees(row / mask.length, row % mask.length))
        std::fill_n(result.row(row), result.columns(), 0.0);
  }
  if (!frame.call->outputs.try_emplace(op.getName().str(), result).second)
    return op.emitOpError("gives '") << op.getName() << "' a second time";
  return success();
}

static LogicalResult use(Frame &frame, xf::UseOp op) {
  FailureOr<ArrayPtr> array = frame.binding.weight(op, op.getWeight());
  if (failed(array))
    return failure();
  return frame.set(op.getResult(), Datum(*array));
}

static LogicalResult slot(Frame &frame, xf::SlotOp op) {
  auto type = cast<xf::LowRankType>(op.getResult().getType());
  FailureOr<LowRank> factors = frame.binding.factors(op, op.getSite(), type.getOut(), type.getIn());
  if (failed(factors))
    return failure();
  return frame.set(op.getResult(), Datum(*factors));
}

static LogicalResult getOp(Frame &frame, xf::GetOp op) {
  FailureOr<Datum> value = frame.binding.parameter(op, op.getParameter());
  if (failed(value))
    return failure();
  return frame.set(op.getResult(), *value);
}

static LogicalResult setResults(Frame &frame, Operation *op, FailureOr<SmallVector<Datum>> values) {
  if (failed(values))
    return failure();
  if (values->size() != op->getNumResults())
    return op->emitOpError("has ") << op->getNumResults() << " results, its body gives " << values->size();
  for (auto [result, value] : llvm::zip(op->getResults(), *values))
    if (failed(frame.set(result, value)))
      return failure();
  return success();
}

// A wave is its calls in any order; program order is one.
static LogicalResult wave(Frame &frame, xf::WaveOp op) {
  return setResults(frame, op, frame.run(op.getBody().front()));
}

static LogicalResult launch(Frame &frame, stage::LaunchOp op) {
  return setResults(frame, op, frame.run(op.getBody().front()));
}

static LogicalResult callOp(Frame &frame, func::CallOp op) {
  auto callee = frame.binding.symbols.lookup<func::FuncOp>(op.getCallee());
  if (!callee || callee.isExternal())
    return op.emitOpError("calls '") << op.getCallee() << "', which has no body";
  SmallVector<Datum> arguments;
  for (mlir::Value operand : op.getOperands())
    arguments.push_back(frame.any(operand));
  return setResults(frame, op, Frame::runBody(frame.binding, frame.call, op, callee.getBody(), arguments));
}

void interp::addStructure(Table &table) {
  table.add<input>();
  table.add<visible>();
  table.add<positions>();
  table.add<output>();
  table.add<use>();
  table.add<slot>();
  table.add<getOp>();
  table.add<wave>();
  table.add<launch>();
  table.add<callOp>();
}
