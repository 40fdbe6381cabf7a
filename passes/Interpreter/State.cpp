// Histories and caches of xf and of stage.
#include "passes/Interpreter/Evaluator.h"
#include "passes/Interpreter/Product.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

//===- Histories ---------------------------------------------------------------===//

/// How many positions of each sequence exist.
static std::vector<int64_t> countVisible(const Datum &source) {
  if (auto *ids = std::get_if<IntegersPtr>(&source))
    return std::vector<int64_t>((*ids)->shape[0], (*ids)->shape[1]);
  const Mask &mask = *std::get<MaskPtr>(source);
  std::vector<int64_t> counts;
  for (int64_t b = 0; b < mask.sequences; ++b)
    counts.push_back(
        std::count(mask.visible.begin() + b * mask.length, mask.visible.begin() + (b + 1) * mask.length, true));
  return counts;
}

template <typename Op> static LogicalResult bindHistory(Op op, Call &call) {
  std::optional<HistoryUse> history = HistoryUse::of(op);
  if (!history)
    return success();
  const std::vector<int64_t> *before = call.past(history->name);
  if (!before)
    return op.emitOpError("needs the rows of a session");
  auto input = op.getSource().template getDefiningOp<xf::InputOp>();
  std::vector<int64_t> counts = countVisible(call.inputs.lookup(input.getName())), past = *before;
  if (counts.size() != call.rows->rows.size() || past.size() != counts.size())
    return op.emitOpError("has ") << counts.size() << " sequences, and rows for " << call.rows->rows.size();
  for (auto [b, length] : llvm::enumerate(past)) {
    length = counts[b] + (history->continues ? length : 0);
    if (length > static_cast<int64_t>(op.getMaxLength()))
      return op.emitOpError("makes a row of ") << length << " tokens, its history holds " << op.getMaxLength();
  }
  call.lengths[history->name] = std::move(past);
  if (!call.extended.insert(history->name).second)
    return op.emitOpError("is the second that begins or continues @") << history->name;
  return success();
}

LogicalResult interp::bindHistories(xf::FunctionOp function, Call &call) {
  if (call.rows)
    for (const auto &[name, lengths] : call.rows->lengths)
      call.lengths[name] = lengths;
  for (Operation &op : function.getBody().front()) {
    if (auto visible = dyn_cast<xf::VisibleOp>(op); visible && failed(bindHistory(visible, call)))
      return failure();
    if (auto space = dyn_cast<stage::SpaceOp>(op); space && failed(bindHistory(space, call)))
      return failure();
  }
  return success();
}

/// The first P positions of each sequence, P the most that one holds.
static FailureOr<Mask> heldMask(Frame &frame, Operation *op, StringRef history, int64_t sequences) {
  auto found = frame.call->lengths.find(history);
  if (found == frame.call->lengths.end() || static_cast<int64_t>(found->second.size()) != sequences)
    return op->emitOpError("needs the rows of a session");
  const std::vector<int64_t> &lengths = found->second;
  Mask mask;
  mask.sequences = sequences;
  mask.length = *std::max_element(lengths.begin(), lengths.end());
  for (int64_t length : lengths)
    for (int64_t p = 0; p < mask.length; ++p)
      mask.visible.push_back(p < length);
  return mask;
}

static LogicalResult held(Frame &frame, xf::HeldOp op) {
  FailureOr<Mask> mask = heldMask(frame, op, op.getHistory(), frame.mask(op.getMask()).sequences);
  return failed(mask) ? failure() : frame.set(op.getResult(), datum(std::move(*mask)));
}

static LogicalResult heldRows(Frame &frame, stage::HeldOp op) {
  FailureOr<Mask> mask = heldMask(frame, op, op.getHistory(), frame.space(op.getSpace()).sequences);
  return failed(mask) ? failure() : frame.set(op.getResult(), Datum(std::make_shared<const Space>(*mask)));
}

//===- Caches ------------------------------------------------------------------===//

static LogicalResult state(Frame &frame, xf::StateOp op) {
  auto declared = frame.binding.symbols.lookup<xf::CacheOp>(op.getCache());
  const std::vector<int64_t> *lengths = frame.call ? frame.call->past(declared.getHistory()) : nullptr;
  if (!lengths)
    return op.emitOpError("needs the rows of a session");
  const Rows *rows = frame.call->rows;
  Cache cache{op.getCache().str(), op.getType().getWidth(), {}};
  for (auto [row, length] : llvm::zip(rows->rows, *lengths)) {
    auto found = rows->state.find({cache.name, row});
    size_t numbers = length * cache.width;
    if (numbers && (found == rows->state.end() || found->second.size() < numbers))
      return op.emitOpError("holds less than ") << length << " tokens of row " << row;
    std::vector<double> &held = cache.held.emplace_back();
    if (numbers)
      held.assign(found->second.begin(), found->second.begin() + numbers);
  }
  return frame.set(op.getResult(), Datum(std::make_shared<const Cache>(std::move(cache))));
}

/// `row(b, i)` is the i-th new vector of a sequence, rounded to the cache's type.
static LogicalResult append(Frame &frame, Operation *op, const Cache &before, ArrayRef<int64_t> past,
                            ArrayRef<int64_t> counts, function_ref<const double *(int64_t, int64_t)> row) {
  if (past.size() != before.held.size() || counts.size() != past.size())
    return op->emitOpError("appends ") << counts.size() << " sequences to " << before.held.size() << " rows";
  Cache after = before;
  Type element = cast<xf::CacheType>(op->getResult(0).getType()).getElementType();
  for (auto [b, held] : llvm::enumerate(after.held)) {
    held.resize(past[b] * after.width);
    for (int64_t i = 0; i < counts[b]; ++i)
      for (int64_t c = 0; c < after.width; ++c)
        held.push_back(roundTo(element, row(b, i)[c]));
  }
  auto kept = std::make_shared<const Cache>(std::move(after));
  frame.call->appended[kept->name] = kept;
  return frame.set(op->getResult(0), Datum(kept));
}

static LogicalResult append(Frame &frame, xf::AppendOp op) {
  const Mask &mask = frame.mask(op.getMask());
  const Array &x = frame.array(op.getX());
  if (mask.past.empty())
    return op.emitOpError("appends tokens of a mask that begins and continues nothing");
  SmallVector<int64_t> counts(mask.sequences);
  SmallVector<SmallVector<int64_t>> rows(mask.sequences);
  for (int64_t b = 0; b < mask.sequences; ++b)
    for (int64_t s = 0; s < mask.length; ++s)
      if (mask.sees(b, s)) {
        rows[b].push_back(b * mask.length + s);
        ++counts[b];
      }
  return append(frame, op, frame.cache(op.getCache()), mask.past, counts,
                [&](int64_t b, int64_t i) { return x.row(rows[b][i]); });
}

static LogicalResult appendRows(Frame &frame, stage::AppendOp op) {
  const Space &space = frame.space(op.getSpace());
  const Array &x = frame.array(op.getX());
  if (space.past.empty())
    return op.emitOpError("appends rows of a space that begins and continues nothing");
  return append(frame, op, frame.cache(op.getCache()), space.past, space.keys,
                [&](int64_t b, int64_t i) { return x.row(space.begin[b] + i); });
}

/// Fails where a cache does not hold as much as its history.
static LogicalResult checkHeld(Operation *op, const Cache &cache, ArrayRef<int64_t> lengths) {
  for (auto [held, length] : llvm::zip(cache.held, lengths))
    if (static_cast<int64_t>(held.size()) != length * cache.width)
      return op->emitOpError("finds ") << held.size() / cache.width << " vectors in the cache of " << length
                                       << " tokens";
  return success();
}

static LogicalResult recall(Frame &frame, xf::RecallOp op) {
  const Cache &cache = frame.cache(op.getCache());
  const Mask &mask = frame.mask(op.getMask());
  std::vector<int64_t> lengths = countVisible(Datum(std::make_shared<const Mask>(mask)));
  if (lengths.size() != cache.held.size() || failed(checkHeld(op, cache, lengths)))
    return failure();
  Array result({mask.sequences, mask.length, cache.width});
  for (auto [b, held] : llvm::enumerate(cache.held))
    std::copy(held.begin(), held.end(), result.row(b * mask.length));
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult recallRows(Frame &frame, stage::RecallOp op) {
  const Cache &cache = frame.cache(op.getCache());
  const Space &space = frame.space(op.getSpace());
  if (space.keys.size() != cache.held.size() || failed(checkHeld(op, cache, space.keys)))
    return failure();
  Array result({space.rows(), cache.width});
  for (auto [b, held] : llvm::enumerate(cache.held))
    std::copy(held.begin(), held.end(), result.row(space.begin[b]));
  return frame.set(op.getResult(), std::move(result));
}

void interp::keepRows(Call &call) {
  for (const auto &entry : call.lengths)
    call.rows->lengths[entry.first().str()] = entry.second;
  for (const auto &entry : call.appended)
    for (auto [row, held] : llvm::zip(call.rows->rows, entry.second->held))
      call.rows->state[{entry.second->name, row}] = held;
}

void interp::addState(Table &table) {
  table.add<held>();
  table.add<heldRows>();
  table.add<state>();
  table.add<static_cast<LogicalResult (*)(Frame &, xf::AppendOp)>(append)>();
  table.add<appendRows>();
  table.add<recall>();
  table.add<recallRows>();
}
