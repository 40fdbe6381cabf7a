#include "passes/Conversion/StageToRt/CheckRows.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace ptx::rt {

FlatSymbolRefAttr siteOf(Value parameter, SymbolTable &symbols) {
  auto type = cast<xf::PackedType>(parameter.getType());
  if (type.getRows() != -1 && type.getColumns() != -1)
    return {};
  auto op = symbols.lookup<xf::ParameterOp>(parameter.getDefiningOp<xf::GetOp>().getParameter());
  FlatSymbolRefAttr site;
  op.walk([&](xf::SlotOp slot) { site = slot.getSiteAttr(); });
  return site;
}

namespace {

/// What rows are for: tokens or sequences, as their type says, of a space.
struct Rows {
  Value space;
  FlatSymbolRefAttr site; // whose rank is their width
};

class Checker {
public:
  explicit Checker(SymbolTable &symbols) : symbols(symbols) {}

  LogicalResult check(xf::FunctionOp function) {
    bool anyOutput = false;
    for (Operation &op : function.getBody().front()) {
      if (auto input = dyn_cast<xf::InputOp>(op); input && !isRead(input))
        return input.emitOpError("'") << input.getName() << "' is read by nothing";
      if (auto launch = dyn_cast<stage::LaunchOp>(op); launch && failed(checkLaunch(launch)))
        return failure();
      if (auto columns = dyn_cast<stage::ColumnsOp>(op); columns && failed(checkColumns(columns)))
        return failure();
      if (auto space = dyn_cast<stage::SpaceOp>(op); space && failed(checkSpace(space)))
        return failure();
      if (auto held = dyn_cast<stage::HeldOp>(op); held && failed(checkHeld(held)))
        return failure();
      if (auto state = dyn_cast<xf::StateOp>(op); state && !caches.try_emplace(state.getCacheAttr()).second)
        return state.emitOpError("is the second of ") << state.getCacheAttr() << " in its function";
      if (auto recall = dyn_cast<stage::RecallOp>(op); recall && failed(checkRecall(recall)))
        return failure();
      if (auto output = dyn_cast<stage::OutputOp>(op)) {
        anyOutput = true;
        if (failed(checkOutput(output)))
          return failure();
      }
    }
    return anyOutput ? success() : function.emitOpError("has no output");
  }

private:
  static bool isRead(xf::InputOp input) {
    if (!input.getResult().use_empty())
      return true;
    auto others = input->getParentOfType<xf::FunctionOp>().getBody().getOps<xf::InputOp>();
    return llvm::any_of(others, [&](xf::InputOp other) { return other.getCounting() == input.getName(); });
  }

  //===- histories and caches --------------------------------------------------//

  LogicalResult checkSpace(stage::SpaceOp op) {
    Attribute history = historyOf(op);
    if (history && !extended.insert(history).second)
      return op.emitOpError("is the second that begins or continues ") << history;
    return success();
  }

  static FlatSymbolRefAttr historyOf(stage::SpaceOp op) {
    return op.getBeginsAttr() ? op.getBeginsAttr() : op.getContinuesAttr();
  }

  LogicalResult checkHeld(stage::HeldOp op) {
    if (!op.getSpace().getDefiningOp<stage::SpaceOp>())
      return op.emitOpError("is held of what is no row table of an input");
    return success();
  }

  /// The state that a cache value was at the call's begin; null where an append is not in a launch.
  xf::StateOp stateOf(Value cache) {
    if (auto launch = cache.getDefiningOp<stage::LaunchOp>()) {
      Value made = launch.getBody().front().getTerminator()->getOperand(cast<OpResult>(cache).getResultNumber());
      auto append = made.getDefiningOp<stage::AppendOp>();
      return append ? append.getCache().getDefiningOp<xf::StateOp>() : xf::StateOp();
    }
    return cache.getDefiningOp<xf::StateOp>();
  }

  Attribute historyOf(xf::StateOp state) { return symbols.lookup<xf::CacheOp>(state.getCache()).getHistoryAttr(); }

  LogicalResult checkRecall(stage::RecallOp op) {
    xf::StateOp state = stateOf(op.getCache());
    if (!state)
      return op.emitOpError("recalls a cache that no `xf.state` and no launch before it makes");
    auto held = op.getSpace().getDefiningOp<stage::HeldOp>();
    Attribute history = historyOf(state);
    if (!held || held.getHistoryAttr() != history)
      return op.emitOpError("recalls ") << state.getCacheAttr() << " over what is not held of " << history;
    if (extended.contains(history) && op.getCache().getDefiningOp<xf::StateOp>())
      return op.emitOpError("recalls ") << state.getCacheAttr() << " without what the function appends to it";
    if (stage::elementOf(op.getResult()) != op.getCache().getType().getElementType())
      return op.emitOpError("recalls rows of ")
             << stage::elementOf(op.getResult()) << " from " << op.getCache().getType();
    rows[op.getResult()] = Rows{op.getSpace(), {}};
    return success();
  }

  FailureOr<Rows> checkStage(stage::AppendOp op) {
    auto state = op.getCache().getDefiningOp<xf::StateOp>();
    if (!state)
      return op.emitOpError("appends to a cache that is no `xf.state`");
    bool &appended = caches[state.getCacheAttr()];
    if (appended)
      return op.emitOpError("appends to ") << state.getCacheAttr() << " a second time";
    appended = true;
    auto space = op.getSpace().getDefiningOp<stage::SpaceOp>();
    if (!space || historyOf(space) != historyOf(state))
      return op.emitOpError("appends rows of a space that neither begins nor continues ") << historyOf(state);
    if (failed(requireRows(op, op.getX(), space)))
      return failure();
    return Rows{space, {}};
  }

  /// What is held is read by attentions, as their keys and values.
  LogicalResult checkHeldUse(Operation *op) {
    auto attention = dyn_cast<stage::AttentionOp>(op);
    for (OpOperand &operand : op->getOpOperands()) {
      auto found = rows.find(operand.get());
      bool isKey = attention && (&operand == &attention.getKeyMutable() || &operand == &attention.getValueMutable());
      if (found != rows.end() && found->second.space.getDefiningOp<stage::HeldOp>() && !isKey)
        return op->emitOpError("reads rows that are held, which only attentions do, as keys and values");
    }
    return success();
  }

  LogicalResult checkColumns(stage::ColumnsOp op) {
    FailureOr<Rows> viewed = rowsOf(op, op.getX());
    if (failed(viewed))
      return failure();
    rows[op.getResult()] = *viewed;
    return success();
  }

  LogicalResult checkOutput(stage::OutputOp op) {
    if (rows.contains(op.getValue()) && !stage::isIndex(op.getValue().getType()) &&
        ShapedType::isDynamic(cast<RankedTensorType>(op.getValue().getType()).getShape().back()))
      return op.emitOpError("gives rows whose width is a rank");
    if (op.getSpace().getDefiningOp<stage::HeldOp>())
      return op.emitOpError("gives rows that are held, which only attentions read");
    return requireRows(op, op.getValue(), op.getSpace());
  }

  LogicalResult checkLaunch(stage::LaunchOp launch) {
    for (auto [op, result] : llvm::zip(launch.getBody().front(), launch.getResults())) {
      for (Value operand : op.getOperands())
        if (isa<xf::PackedType>(operand.getType()) && !operand.getDefiningOp<xf::GetOp>())
          return op.emitOpError("reads a parameter that is no xf.get");
      if (failed(checkHeldUse(&op)))
        return failure();
      FailureOr<Rows> made =
          TypeSwitch<Operation *, FailureOr<Rows>>(&op)
              .Case<stage::ContractOp, stage::AttentionOp, stage::RowNormOp, stage::GatherOp, stage::PoolOp,
                    stage::MapOp, stage::ConcatOp, stage::AppendOp, stage::GreatestOp>(
                  [&](auto typed) { return checkStage(typed); });
      if (failed(made))
        return failure();
      if (made->space.getDefiningOp<stage::HeldOp>())
        return op.emitOpError("computes rows of what is held, which only appends do");
      rows[result] = *made;
    }
    return success();
  }

  /// The rows of an operand that some launch has made.
  FailureOr<Rows> rowsOf(Operation *op, Value value) {
    auto found = rows.find(value);
    if (found == rows.end())
      return op->emitOpError("reads rows that no launch before it makes");
    return found->second;
  }

  LogicalResult requireSame(Operation *op, Value found, Value expected) {
    if (found == expected)
      return success();
    return op->emitOpError("meets rows of ") << text(found) << ", expected rows of " << text(expected);
  }

  LogicalResult requireRows(Operation *op, Value value, Value space) {
    FailureOr<Rows> found = rowsOf(op, value);
    return failed(found) ? failure() : requireSame(op, found->space, space);
  }

  LogicalResult requireExtras(Operation *op, ValueRange extras, Value space) {
    for (Value extra : extras)
      if (isa<RankedTensorType>(extra.getType()) && failed(requireRows(op, extra, space)))
        return failure();
    return success();
  }

  static std::string text(Value space) {
    if (auto held = space.getDefiningOp<stage::HeldOp>())
      return "what is held of '" + held.getHistory().str() + "'";
    auto op = space.getDefiningOp<stage::SpaceOp>();
    auto input = op ? op.getSource().getDefiningOp<xf::InputOp>() : xf::InputOp();
    return input ? "'" + input.getName().str() + "'" : "a space";
  }

  //===- stages --------------------------------------------------------------//

  template <typename Op> FailureOr<Rows> checkRowWise(Op op, ValueRange extras) {
    FailureOr<Rows> x = rowsOf(op, op.getX());
    if (failed(x) || failed(requireExtras(op, extras, x->space)))
      return failure();
    return x;
  }

  FailureOr<Rows> checkStage(stage::RowNormOp op) { return checkRowWise(op, op.getExtras()); }
  FailureOr<Rows> checkStage(stage::MapOp op) { return checkRowWise(op, op.getExtras()); }

  FailureOr<Rows> checkStage(stage::ContractOp op) {
    FailureOr<Rows> x = checkRowWise(op, op.getExtras());
    if (failed(x))
      return failure();
    auto weight = cast<xf::PackedType>(op.getWeight().getType());
    FlatSymbolRefAttr site = siteOf(op.getWeight(), symbols);
    if (weight.getColumns() == -1 && x->site != site)
      return op.emitOpError("multiplies rows as wide as another rank than that at ") << site;
    if (op.getU()) {
      FailureOr<Rows> u = rowsOf(op, op.getU());
      if (failed(u) || failed(requireRows(op, op.getU(), x->space)))
        return failure();
      if (u->site != siteOf(op.getB(), symbols))
        return op.emitOpError("multiplies rows by factors of another rank than theirs");
    }
    return Rows{x->space, weight.getRows() == -1 ? site : FlatSymbolRefAttr()};
  }

  FailureOr<Rows> checkStage(stage::AttentionOp op) {
    Value query = op.getQuerySpace(), key = op.getKeySpace();
    if (batchOf(query) != batchOf(key))
      return op.emitOpError("attends to the sequences of another batch");
    if (failed(requireRows(op, op.getQuery(), query)) || failed(requireRows(op, op.getKey(), key)) ||
        failed(requireRows(op, op.getValue(), key)))
      return failure();
    return Rows{query, {}};
  }

  static Attribute batchOf(Value space) {
    if (auto held = space.getDefiningOp<stage::HeldOp>())
      space = held.getSpace();
    auto op = space.getDefiningOp<stage::SpaceOp>();
    return op ? op.getSource().getDefiningOp<xf::InputOp>().getDims()[0] : Attribute();
  }

  FailureOr<Rows> checkStage(stage::GreatestOp op) { return rowsOf(op, op.getX()); }

  FailureOr<Rows> checkStage(stage::ConcatOp op) {
    FailureOr<Rows> first = rowsOf(op, op.getParts().front());
    if (failed(first) || failed(requireExtras(op, op.getParts(), first->space)))
      return failure();
    return first;
  }

  FailureOr<Rows> checkStage(stage::PoolOp op) {
    if (failed(requireRows(op, op.getX(), op.getSpace())))
      return failure();
    return Rows{op.getSpace(), {}};
  }

  /// What an index counts in, and a bound above all its values; no bound for
  /// numbers of rows.
  struct Index {
    Value space;
    std::optional<int64_t> bound;
  };

  FailureOr<Index> indexOf(stage::GatherOp op, Value index) {
    if (auto ids = index.getDefiningOp<stage::IdsOp>()) {
      std::optional<uint64_t> limit = ids.getSource().getDefiningOp<xf::InputOp>().getLimit();
      return Index{ids.getSpace(), static_cast<int64_t>(limit.value_or(xf::maxExtent))};
    }
    if (auto positions = index.getDefiningOp<stage::PositionsOp>())
      if (auto space = positions.getSpace().getDefiningOp<stage::SpaceOp>())
        return Index{space, static_cast<int64_t>(space.getMaxLength())};
    if (auto first = index.getDefiningOp<stage::FirstRowsOp>())
      if (auto space = first.getSpace().getDefiningOp<stage::SpaceOp>()) {
        bool always = space.getKeepFirst() || xf::isIds(space.getSource().getType());
        if (!always)
          return op.emitOpError("reads the first row of sequences that may have none: the space needs `keep_first`");
        return Index{space, std::nullopt};
      }
    return op.emitOpError("reads an index that is neither ids, positions nor first rows");
  }

  FailureOr<Rows> checkStage(stage::GatherOp op) {
    std::optional<Rows> made;
    for (auto [table, value] : llvm::zip(op.getTables(), op.getIndices())) {
      FailureOr<Index> index = indexOf(op, value);
      if (failed(index))
        return failure();
      if (made && failed(requireSame(op, index->space, made->space)))
        return failure();
      auto packed = dyn_cast<xf::PackedType>(table.getType());
      if (packed && !index->bound)
        return op.emitOpError("looks rows up in a table");
      if (packed && packed.getRows() != -1 && *index->bound > packed.getRows())
        return op.emitOpError("has indices of 0 to ")
               << *index->bound - 1 << ", which reach behind a table of " << packed.getRows() << " rows";
      if (!packed && index->bound)
        return op.emitOpError("looks ids up in rows");
      if (!packed && failed(requireRows(op, table, index->space)))
        return failure();
      made = Rows{index->space, {}};
      if (packed)
        made->site = siteOf(table, symbols);
      else if (ShapedType::isDynamic(cast<RankedTensorType>(table.getType()).getShape().back()))
        return op.emitOpError("takes rows whose width is a rank");
    }
    if (failed(requireExtras(op, op.getExtras(), made->space)))
      return failure();
    return *made;
  }

  SymbolTable &symbols;
  DenseMap<Value, Rows> rows;
  DenseSet<Attribute> extended;     // histories that a space begins or continues
  DenseMap<Attribute, bool> caches; // whether it is appended to
};

} // namespace

LogicalResult checkRows(xf::FunctionOp function, SymbolTable &symbols) { return Checker(symbols).check(function); }

} // namespace ptx::rt
