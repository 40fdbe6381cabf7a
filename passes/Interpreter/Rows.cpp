// Row tables, and what crosses the border between [B,S] and rows.
#include "passes/Interpreter/Evaluator.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

Space::Space(const Mask &mask) : sequences(mask.sequences), length(mask.length), past(mask.past) {
  begin.push_back(0);
  for (int64_t b = 0; b < sequences; ++b) {
    for (int64_t s = 0; s < length; ++s)
      if (mask.sees(b, s)) {
        column.push_back(s);
        position.push_back(mask.position(b, s));
      }
    keys.push_back(rows() - begin[b]);
    first.push_back(length > 0 && mask.sees(b, 0) ? begin[b] : -1);
    if (first[b] == -1 && mask.keepFirst) {
      first[b] = rows();
      column.push_back(0);
      position.push_back(0);
    }
    begin.push_back(rows());
    sequence.resize(rows(), b);
  }
}

static LogicalResult space(Frame &frame, stage::SpaceOp op) {
  FailureOr<Mask> mask =
      visibleMask(frame, op, op.getSource(), op.getMaxLength(), op.getKeepFirst(), HistoryUse::of(op));
  if (failed(mask))
    return failure();
  return frame.set(op.getResult(), Datum(std::make_shared<const Space>(*mask)));
}

static LogicalResult ids(Frame &frame, stage::IdsOp op) {
  const Integers &source = frame.integers(op.getSource());
  const Space &space = frame.space(op.getSpace());
  if (source.shape != SmallVector<int64_t>{space.sequences, space.length})
    return op.emitOpError("has ids of shape ")
           << format(source.shape) << " over a space of " << format({space.sequences, space.length});
  Integers result({space.rows()});
  for (int64_t row = 0; row < space.rows(); ++row)
    result.values[row] = source.at(space.sequence[row], space.column[row]);
  return frame.set(op.getResult(), datum(std::move(result)));
}

static LogicalResult positions(Frame &frame, stage::PositionsOp op) {
  const Space &space = frame.space(op.getSpace());
  return frame.set(op.getResult(), datum(Integers({space.rows()}, space.position)));
}

static LogicalResult firstRows(Frame &frame, stage::FirstRowsOp op) {
  const Space &space = frame.space(op.getSpace());
  return frame.set(op.getResult(), datum(Integers({space.sequences}, space.first)));
}

static LogicalResult output(Frame &frame, stage::OutputOp op) {
  if (!frame.call)
    return op.emitOpError("stands in a parameter, which has no outputs");
  bool isNumbers = stage::isIndex(op.getValue().getType());
  const Array rows = isNumbers ? widened(frame.integers(op.getValue())) : frame.array(op.getValue());
  const Space &space = frame.space(op.getSpace());
  bool perSequence = stage::isPerSequence(op.getValue().getType());
  int64_t expected = perSequence ? space.sequences : space.rows();
  if (rows.shape.size() != (isNumbers ? 1 : 2) || rows.shape[0] != expected)
    return op.emitOpError("has a value of shape ") << format(rows.shape) << ", expected " << expected << " rows";
  Array result = rows;
  if (!perSequence) {
    result = Array({space.sequences, space.length, rows.columns()});
    for (int64_t b = 0; b < space.sequences; ++b)
      for (int64_t row = space.begin[b]; row < space.begin[b] + space.keys[b]; ++row)
        std::copy_n(rows.row(row), rows.columns(), result.row(b * space.length + space.column[row]));
  }
  if (!frame.call->outputs.try_emplace(op.getName().str(), result).second)
    return op.emitOpError("gives '") << op.getName() << "' a second time";
  return success();
}

static LogicalResult columns(Frame &frame, stage::ColumnsOp op) {
  FailureOr<Array> result = columnsOf(op, frame.array(op.getX()), op.getOffset(), op.getResult().getType());
  if (failed(result))
    return failure();
  return frame.set(op.getResult(), std::move(*result));
}

void interp::addRows(Table &table) {
  table.add<space>();
  table.add<ids>();
  table.add<positions>();
  table.add<firstRows>();
  table.add<output>();
  table.add<columns>();
}
