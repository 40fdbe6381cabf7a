// From stages to launch records: every value gets a buffer, every buffer an
// arena slot, every stage a kernel and the words it is called with.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/StageToRt/CheckRows.h"
#include "passes/Conversion/StageToRt/Planner.h"
#include "passes/Conversion/StageToRt/Ranks.h"
#include "passes/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace ptx {
#define GEN_PASS_DEF_PLANPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace rt;

namespace {
// Of what buffers hold.
constexpr int64_t floatBytes = sizeof(float);

int64_t widthOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

/// "linear1" in "enc_layers.0" becomes "enc_layers.0.linear1".
std::string labelOf(Location loc) {
  if (auto site = dyn_cast<CallSiteLoc>(loc))
    return labelOf(site.getCaller()) + "." + labelOf(site.getCallee());
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    return labelOf(fused.getLocations().front());
  return "?";
}

/// Plans one function.
class Planner {
public:
  Planner(xf::FunctionOp function, SymbolTable &symbols, KernelTable &kernels)
      : function(function), symbols(symbols), kernels(kernels), builder(function.getContext()) {}

  LogicalResult run() {
    numberBorder();
    builder.setInsertionPoint(function);
    // A program takes the place, and the name, of its function.
    program = ProgramOp::create(builder, function.getLoc(), function.getSymName(), 0);
    builder.createBlock(&program.getBody());
    emitBorder();
    planBuffers();
    for (auto [index, launch] : llvm::enumerate(launches))
      if (failed(emitLaunch(launch)))
        return failure();
    emitOutputs();
    return success();
  }

private:
  //===- inputs and spaces ---------------------------------------------------//

  void numberBorder() {
    for (Operation &op : function.getBody().front()) {
      if (auto input = dyn_cast<xf::InputOp>(op))
        inputs.insert({input.getResult(), inputs.size()});
      else if (auto space = dyn_cast<stage::SpaceOp>(op))
        spaces.insert({space.getResult(), spaces.size()});
      else if (auto launch = dyn_cast<stage::LaunchOp>(op))
        launches.push_back(launch);
    }
  }

  xf::InputOp sourceOf(stage::SpaceOp space) { return space.getSource().getDefiningOp<xf::InputOp>(); }

  /// The space of an input: the one it defines, or the one its ids are read in.
  int64_t spaceOfInput(xf::InputOp input) {
    for (Operation *user : input.getResult().getUsers()) {
      if (auto space = dyn_cast<stage::SpaceOp>(user))
        return spaces.lookup(space.getResult());
      if (auto ids = dyn_cast<stage::IdsOp>(user))
        return spaces.lookup(ids.getSpace());
    }
    return 0;
  }

  /// The number of the input that an input counts, or nothing.
  IntegerAttr numberOfCounted(xf::InputOp input) {
    for (auto &[value, index] : inputs)
      if (value.getDefiningOp<xf::InputOp>().getNameAttr() == input.getCountingAttr())
        return builder.getI64IntegerAttr(static_cast<int64_t>(index));
    return {};
  }

  void emitBorder() {
    for (auto &[value, index] : inputs) {
      auto input = value.getDefiningOp<xf::InputOp>();
      bool mask = cast<RankedTensorType>(value.getType()).getElementType().isInteger(1);
      InputOp::create(builder, input.getLoc(), input.getNameAttr(), input.getDimsAttr(), spaceOfInput(input), mask,
                      input.getLimitAttr(), input.getDefaultValueAttr(), numberOfCounted(input));
    }
    for (auto &[value, index] : spaces) {
      auto space = value.getDefiningOp<stage::SpaceOp>();
      xf::InputOp source = sourceOf(space);
      bool mask = cast<RankedTensorType>(source.getType()).getElementType().isInteger(1);
      StringRef name = cast<StringAttr>(source.getDims()[1]).getValue() == "T" ? "target" : "source";
      SpaceOp::create(builder, space.getLoc(), builder.getStringAttr(name), source.getDimsAttr(),
                      mask ? inputs.lookup(source.getResult()) : -1, space.getMaxLength(), space.getKeepFirst());
    }
  }

  //===- buffers -------------------------------------------------------------//

  /// Which rows a value has.
  struct Rows {
    int64_t space = 0;
    Per per = Per::Row;
  };

  Rows rowsOf(const stage::RowDomain &domain) {
    if (domain.like) {
      const BufferLife &life = lives[locate(domain.like).first];
      return {life.space, life.per};
    }
    return {spaces.lookup(domain.space), domain.perSequence ? Per::Sequence : Per::Row};
  }

  /// Buffer and column of a value, through views and launch results.
  std::pair<int64_t, int64_t> locate(Value value) {
    int64_t column = 0;
    while (auto view = value.getDefiningOp<stage::ColumnsOp>()) {
      column += view.getOffset();
      value = view.getX();
    }
    return {buffers.lookup(value), column};
  }

  int64_t maxRank(FlatSymbolRefAttr site) { return rt::maxRank(function->getParentOfType<ModuleOp>(), site); }

  int64_t bufferWidth(stage::SkeletonOpInterface op) {
    FlatSymbolRefAttr site = rankSite(op);
    return site ? maxRank(site) : widthOf(op->getResult(0));
  }

  /// The site whose rank is the width of a stage's result, if that is dynamic.
  FlatSymbolRefAttr rankSite(stage::SkeletonOpInterface op) {
    Value parameter = op.getRankParameter();
    return parameter ? siteOf(parameter, symbols) : FlatSymbolRefAttr();
  }

  void planBuffers() {
    for (auto [index, launch] : llvm::enumerate(launches)) {
      auto yield = cast<stage::YieldOp>(launch.getBody().front().getTerminator());
      for (auto [result, value] : llvm::zip(launch.getResults(), yield.getValues())) {
        auto op = value.getDefiningOp<stage::SkeletonOpInterface>();
        for (Value operand : op->getOperands())
          if (auto type = dyn_cast<RankedTensorType>(operand.getType()); type && type.getElementType().isF32())
            lives[locate(operand).first].lastLaunch = index;
        Rows rows = rowsOf(op.getRowDomain());
        int64_t launchIndex = static_cast<int64_t>(index);
        buffers[result] = static_cast<int64_t>(lives.size());
        lives.push_back({rows.space, rows.per, bufferWidth(op), launchIndex, launchIndex});
      }
    }
    for (auto output : function.getBody().front().getOps<stage::OutputOp>())
      lives[locate(output.getValue()).first].lastLaunch = static_cast<int64_t>(launches.size());
    program.setSlots(assignSlots(lives));
    for (const BufferLife &life : lives)
      BufferOp::create(builder, function.getLoc(), life.slot, life.space, life.per, life.width);
  }

  //===- launches ------------------------------------------------------------//

  Attribute intWord(int64_t value) { return IntArgAttr::get(builder.getContext(), value); }
  Attribute pitchWord(int64_t width) { return PitchArgAttr::get(builder.getContext(), width); }

  Attribute parameterWord(Value parameter) {
    return ParameterArgAttr::get(builder.getContext(), parameter.getDefiningOp<xf::GetOp>().getParameterAttr());
  }

  Attribute rowsWord(int64_t space, RowField field) { return RowsArgAttr::get(builder.getContext(), space, field); }

  /// Two words: address and pitch.
  void addRows(SmallVector<Attribute> &words, Value value) {
    auto [buffer, column] = locate(value);
    words.push_back(BufferArgAttr::get(builder.getContext(), buffer, column));
    words.push_back(pitchWord(lives[buffer].width));
  }

  void addExtras(SmallVector<Attribute> &words, ValueRange extras) {
    for (Value extra : extras) {
      if (isa<RankedTensorType>(extra.getType()))
        addRows(words, extra);
      else
        words.push_back(parameterWord(extra));
    }
  }

  /// What a problem needs beside its kernel.
  struct Problem {
    Over over = Over::Rows;
    int64_t columns = 1;
    FlatSymbolRefAttr columnSite, guard;
    int64_t flops = 0, bytes = 0;
    bool perKey = false;
    IntegerAttr keySpace;
    SmallVector<Attribute> words;
  };

  /// A width as a word: a constant, or the bound rank at a site.
  Attribute widthWord(int64_t width, FlatSymbolRefAttr site) {
    return site ? Attribute(RankArgAttr::get(builder.getContext(), site)) : intWord(width);
  }

  Problem describe(stage::ContractOp op, Value result) {
    Problem p;
    auto matrix = cast<xf::PackedType>(op.getWeight().getType());
    FlatSymbolRefAttr site = siteOf(op.getWeight(), symbols);
    FlatSymbolRefAttr outSite = matrix.getRows() == -1 ? site : FlatSymbolRefAttr();
    FlatSymbolRefAttr inSite = matrix.getColumns() == -1 ? site : FlatSymbolRefAttr();
    int64_t n = outSite ? maxRank(site) : matrix.getRows();
    int64_t k = inSite ? maxRank(site) : matrix.getColumns();
    addRows(p.words, op.getX());
    p.words.push_back(parameterWord(op.getWeight()));
    p.words.push_back(widthWord(k, inSite));
    p.words.push_back(widthWord(n, outSite));
    addRows(p.words, result);
    if (op.getU()) {
      addRows(p.words, op.getU());
      p.words.push_back(parameterWord(op.getB()));
      p.words.push_back(widthWord(widthOf(op.getU()), siteOf(op.getB(), symbols)));
    } else {
      p.words.append(4, intWord(0));
    }
    addExtras(p.words, op.getExtras());
    p.columns = n;
    p.columnSite = p.guard = outSite;
    p.flops = 2 * k;
    p.bytes = 4;
    return p;
  }

  Problem describe(stage::AttentionOp op, Value result) {
    Problem p;
    int64_t querySpace = spaces.lookup(op.getQuerySpace()), keySpace = spaces.lookup(op.getKeySpace());
    for (Value value : {Value(op.getQuery()), Value(op.getKey()), Value(op.getValue()), result})
      addRows(p.words, value);
    p.words.push_back(rowsWord(querySpace, RowField::Blocks));
    p.words.push_back(rowsWord(keySpace, RowField::Begin));
    p.words.push_back(rowsWord(keySpace, RowField::Keys));
    int64_t headDim = widthOf(op.getResult()) / static_cast<int64_t>(op.getHeads());
    p.over = Over::Blocks;
    p.columns = op.getHeads();
    p.flops = 4 * headDim;
    p.bytes = 2 * floatBytes * headDim;
    p.perKey = true;
    p.keySpace = builder.getI64IntegerAttr(keySpace);
    return p;
  }

  Problem rowWise(Value x, Value result, ValueRange extras, int64_t flopsPerElement) {
    Problem p;
    addRows(p.words, x);
    addRows(p.words, result);
    int64_t width = widthOf(result);
    p.words.push_back(intWord(width));
    addExtras(p.words, extras);
    p.flops = flopsPerElement * width;
    p.bytes = 2 * floatBytes * width;
    return p;
  }

  Problem describe(stage::RowNormOp op, Value result) { return rowWise(op.getX(), result, op.getExtras(), 8); }
  Problem describe(stage::MapOp op, Value result) { return rowWise(op.getX(), result, op.getExtras(), 8); }

  Problem describe(stage::PoolOp op, Value result) {
    Problem p = rowWise(op.getX(), result, {}, 1);
    int64_t space = spaces.lookup(op.getSpace());
    p.words.push_back(rowsWord(space, RowField::Begin));
    p.words.push_back(rowsWord(space, RowField::Keys));
    p.words.push_back(rowsWord(space, RowField::Position));
    p.over = Over::Sequences;
    return p;
  }

  Problem describe(stage::GatherOp op, Value result) {
    Problem p;
    FlatSymbolRefAttr site = rankSite(op);
    int64_t width = site ? maxRank(site) : widthOf(result);
    addRows(p.words, result);
    p.words.push_back(widthWord(width, site));
    for (auto [table, index] : llvm::zip(op.getTables(), op.getIndices())) {
      if (isa<RankedTensorType>(table.getType())) {
        addRows(p.words, table);
      } else {
        p.words.push_back(parameterWord(table));
        p.words.push_back(pitchWord(width));
      }
      p.words.push_back(indexWord(index));
    }
    addExtras(p.words, op.getExtras());
    p.guard = site;
    if (op.getRowDomain().perSequence)
      p.over = Over::Sequences;
    p.flops = 2 * width;
    p.bytes = floatBytes * width * (1 + static_cast<int64_t>(op.getTables().size()));
    return p;
  }

  Attribute indexWord(Value index) {
    Rows rows = rowsOf(stage::rowsOfIndex(index));
    if (rows.per == Per::Sequence)
      return rowsWord(rows.space, RowField::First);
    if (auto ids = index.getDefiningOp<stage::IdsOp>())
      return IdsArgAttr::get(builder.getContext(), inputs.lookup(ids.getSource()));
    return rowsWord(rows.space, RowField::Position);
  }

  LogicalResult emitLaunch(stage::LaunchOp launch) {
    auto yield = cast<stage::YieldOp>(launch.getBody().front().getTerminator());
    std::string label = labelOf(yield.getValues().front().getLoc());
    if (yield.getValues().size() > 1)
      label += " +" + std::to_string(yield.getValues().size() - 1);
    auto op = LaunchOp::create(builder, launch.getLoc(), label);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getBody());
    for (auto [result, value] : llvm::zip(launch.getResults(), yield.getValues()))
      emitProblems(value.getDefiningOp<stage::SkeletonOpInterface>(), result);
    kernels.addEntry(op);
    return success();
  }

  /// Where a problem's result lies: all of a value, or a part of its columns.
  struct Place {
    int64_t buffer, column, width;
  };

  void emitProblems(stage::SkeletonOpInterface op, Value result) {
    auto concat = dyn_cast<stage::ConcatOp>(*op);
    if (!concat)
      return emitProblem(op, result);
    int64_t column = 0;
    for (Value part : concat.getParts()) {
      emitCopy(op, part, {buffers.lookup(result), column, widthOf(part)});
      column += widthOf(part);
    }
  }

  /// The rows of a part into its columns: a map whose region is the identity.
  void emitCopy(stage::SkeletonOpInterface op, Value part, Place to) {
    Problem p;
    addRows(p.words, part);
    p.words.push_back(BufferArgAttr::get(builder.getContext(), to.buffer, to.column));
    p.words.push_back(pitchWord(lives[to.buffer].width));
    p.words.push_back(intWord(to.width));
    p.flops = to.width;
    p.bytes = 2 * floatBytes * to.width;
    emitProblem(op, p, lives[to.buffer], windowOf(part),
                WindowAttr::get(builder.getContext(), to.buffer, to.column, to.width));
  }

  void emitProblem(stage::SkeletonOpInterface op, Value result) {
    Problem p = TypeSwitch<Operation *, Problem>(op)
                    .Case<stage::ContractOp, stage::AttentionOp, stage::RowNormOp, stage::GatherOp, stage::PoolOp,
                          stage::MapOp>([&](auto typed) { return describe(typed, result); });
    SmallVector<Attribute> reads;
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.getType()); type && type.getElementType().isF32())
        reads.push_back(windowOf(operand));
    emitProblem(op, p, lives[buffers.lookup(result)], reads, windowOf(result));
  }

  void emitProblem(stage::SkeletonOpInterface op, Problem &p, const BufferLife &life, ArrayRef<Attribute> reads,
                   Attribute writes) {
    if (life.per == Per::Sequence)
      p.over = Over::Sequences;
    ProblemOp::create(builder, op->getLoc(), kernels.getOrCreate(op).getSymName(), labelOf(op->getLoc()), life.space,
                      p.over, p.columns, p.columnSite, p.guard, p.flops, p.bytes, p.perKey, p.keySpace,
                      builder.getArrayAttr(p.words), builder.getArrayAttr(reads), builder.getArrayAttr(writes));
  }

  /// The columns of a buffer that a value is.
  Attribute windowOf(Value value) {
    auto [buffer, column] = locate(value);
    int64_t width = widthOf(value);
    return WindowAttr::get(builder.getContext(), buffer, column,
                           ShapedType::isDynamic(width) ? lives[buffer].width : width);
  }

  void emitOutputs() {
    for (auto output : function.getBody().front().getOps<stage::OutputOp>()) {
      auto [buffer, column] = locate(output.getValue());
      OutputOp::create(builder, output.getLoc(), output.getName(), buffer, column, widthOf(output.getValue()),
                       lives[buffer].space, lives[buffer].per);
    }
  }

  xf::FunctionOp function;
  SymbolTable &symbols;
  KernelTable &kernels;
  OpBuilder builder;
  ProgramOp program;
  llvm::MapVector<Value, int64_t> inputs, spaces;
  SmallVector<stage::LaunchOp> launches;
  DenseMap<Value, int64_t> buffers;
  std::vector<BufferLife> lives;
};

struct Plan : impl::PlanPassBase<Plan> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkForm(module, IrForm::Launched)))
      return signalPassFailure();
    SymbolTable symbols(module);
    for (auto function : module.getOps<xf::FunctionOp>())
      if (failed(checkRows(function, symbols)))
        return signalPassFailure();
    KernelTable kernels(module);
    for (auto function : llvm::make_early_inc_range(module.getOps<xf::FunctionOp>())) {
      if (failed(Planner(function, symbols, kernels).run()))
        return signalPassFailure();
      function.erase();
    }
    kernels.emitEntries();
  }
};

} // namespace
} // namespace ptx
