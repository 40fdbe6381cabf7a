// From stages to launch records: every value gets a buffer, every buffer an
// arena slot, every stage a kernel and the words it is called with.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/StageToRt/CheckRows.h"
#include "passes/Conversion/StageToRt/Planner.h"
#include "passes/Conversion/StageToRt/Ranks.h"
#include "passes/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ptx {
#define GEN_PASS_DEF_PLANPASS
#include "passes/Passes.h.inc"

using namespace mlir;
using namespace rt;

namespace {
// Of what buffers hold.
constexpr int64_t floatBytes = sizeof(float);

// Keys that an attention takes at a time, where there may be more. What chunks give is
// joined in their order whoever computes them, so bytes depend on this number alone.
constexpr int64_t keysOfChunk = 256;

/// Of rows, and of what is one number.
int64_t widthOf(Value value) {
  return stage::isIndex(value.getType()) ? 1 : cast<RankedTensorType>(value.getType()).getShape().back();
}

/// "linear1" in "enc_layers.0" becomes "enc_layers.0.linear1"; in IR that was
/// written by hand without names, "line71.line98".
std::string labelOf(Location loc) {
  if (auto site = dyn_cast<CallSiteLoc>(loc))
    return labelOf(site.getCaller()) + "." + labelOf(site.getCallee());
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    return labelOf(fused.getLocations().front());
  if (auto place = dyn_cast<FileLineColLoc>(loc))
    return "line" + std::to_string(place.getLine());
  return "?";
}

/// Plans one function.
class Planner {
  template <typename Op> auto bodyOps() { return function.getBody().front().getOps<Op>(); }
  auto launches() { return bodyOps<stage::LaunchOp>(); }

public:
  Planner(xf::FunctionOp function, SymbolTable &symbols, KernelTable &kernels)
      : function(function), symbols(symbols), kernels(kernels), builder(function.getContext()) {}

  void run() {
    builder.setInsertionPoint(function);
    // A program takes the place, and the name, of its function.
    program = ProgramOp::create(builder, function.getLoc(), function.getSymName(), 0);
    builder.createBlock(&program.getBody());
    emitInputs();
    emitSpaces();
    planBuffers();
    for (stage::LaunchOp launch : launches())
      emitLaunch(launch);
    emitOutputs();
  }

private:
  //===- inputs and spaces ---------------------------------------------------//

  static bool isMask(Value input) { return cast<RankedTensorType>(input.getType()).getElementType().isInteger(1); }

  void emitInputs() {
    for (auto input : bodyOps<xf::InputOp>())
      inputs[input.getResult()] = InputOp::create(
          builder, input.getLoc(), builder.getType<InputType>(), input.getNameAttr(), input.getDimsAttr(),
          isMask(input.getResult()), input.getLimitAttr(), input.getDefaultValueAttr(), input.getCountingAttr());
  }

  /// The space of an input: the one it defines, or the one its ids are read in.
  stage::SpaceOp spaceOfInput(xf::InputOp input) {
    for (Operation *user : input.getResult().getUsers()) {
      if (auto space = dyn_cast<stage::SpaceOp>(user))
        return space;
      if (auto ids = dyn_cast<stage::IdsOp>(user))
        return ids.getSpace().getDefiningOp<stage::SpaceOp>();
    }
    auto all = bodyOps<stage::SpaceOp>();
    return all.empty() ? stage::SpaceOp() : *all.begin();
  }

  void emitSpaces() {
    DenseMap<Operation *, SmallVector<Value>> members;
    for (auto input : bodyOps<xf::InputOp>())
      members[spaceOfInput(input)].push_back(inputs.lookup(input.getResult()));
    for (auto space : bodyOps<stage::SpaceOp>()) {
      auto source = space.getSource().getDefiningOp<xf::InputOp>();
      StringRef name =
          cast<StringAttr>(source.getDims()[source.getDims().size() - 1]).getValue() == "T" ? "target" : "source";
      Value mask = isMask(source.getResult()) ? inputs.lookup(source.getResult()) : Value();
      spaces[space.getResult()] = SpaceOp::create(
          builder, space.getLoc(), builder.getType<SpaceType>(), name, source.getDimsAttr(), mask, members[space],
          space.getMaxLength(), space.getKeepFirst(), space.getBeginsAttr(), space.getContinuesAttr());
    }
    for (auto held : bodyOps<stage::HeldOp>())
      spaces[held.getResult()] = heldSpace(held.getHistoryAttr(), spaces.lookup(held.getSpace()));
  }

  /// What the sequences of a space hold of a history: as many row tables as there are histories.
  TypedValue<SpaceType> heldSpace(FlatSymbolRefAttr history, Value space) {
    TypedValue<SpaceType> &held = heldSpaces[history];
    if (!held)
      held = HeldOp::create(builder, space.getLoc(), builder.getType<SpaceType>(), history, space,
                            comesByChunks(history) ? builder.getI64IntegerAttr(keysOfChunk) : IntegerAttr())
                 .getResult();
    return held;
  }

  /// The most tokens that a row holds of a history.
  int64_t mostHeld(FlatSymbolRefAttr history) {
    return static_cast<int64_t>(symbols.lookup<xf::HistoryOp>(history.getAttr()).getMaxLength());
  }
  bool comesByChunks(FlatSymbolRefAttr history) { return mostHeld(history) > keysOfChunk; }

  //===- buffers -------------------------------------------------------------//

  /// The space that a stage's rows are of.
  TypedValue<SpaceType> spaceOf(const stage::RowDomain &domain) {
    return domain.like ? locate(domain.like).first.space : spaces.lookup(domain.space);
  }

  /// Buffer and column of a value, through views and launch results.
  std::pair<BufferLife &, int64_t> locate(Value value) {
    int64_t column = 0;
    while (auto view = value.getDefiningOp<stage::ColumnsOp>()) {
      column += view.getOffset();
      value = view.getX();
    }
    if (auto recall = value.getDefiningOp<stage::RecallOp>())
      value = recall.getCache();
    return {lives[buffers.lookup(value)], column};
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

  /// Every cache that the function names, in the space of what its sequences hold.
  void planCaches() {
    auto all = bodyOps<stage::SpaceOp>();
    Value first = all.empty() ? Value() : spaces.lookup((*all.begin()).getResult());
    for (auto state : bodyOps<xf::StateOp>()) {
      auto cache = symbols.lookup<xf::CacheOp>(state.getCache());
      auto type = cast<xf::CacheType>(cache.getType());
      buffers[state.getResult()] = lives.size();
      lives.push_back({.space = heldSpace(cache.getHistoryAttr(), first),
                       .per = Per::Row,
                       .width = type.getWidth(),
                       .element = type.getElementType(),
                       .firstLaunch = 0,
                       .lastLaunch = 0,
                       .cache = state.getCacheAttr()});
    }
  }

  void planBuffers() {
    planCaches();
    for (auto [index, launch] : llvm::enumerate(launches())) {
      auto yield = cast<xf::YieldOp>(launch.getBody().front().getTerminator());
      for (auto [result, value] : llvm::zip(launch.getResults(), yield.getValues())) {
        auto op = value.getDefiningOp<stage::SkeletonOpInterface>();
        for (Value operand : op->getOperands())
          if (stage::isRows(operand.getType()))
            locate(operand).first.lastLaunch = static_cast<int64_t>(index);
        if (auto append = dyn_cast<stage::AppendOp>(*op)) {
          buffers[result] = buffers.lookup(append.getCache());
          continue;
        }
        TypedValue<SpaceType> space = spaceOf(op.getRowDomain());
        int64_t launchIndex = static_cast<int64_t>(index);
        buffers[result] = lives.size();
        lives.push_back({.space = space,
                         .per = stage::isPerSequence(result.getType()) ? Per::Sequence : Per::Row,
                         .width = bufferWidth(op),
                         .element = stage::elementOf(result),
                         .firstLaunch = launchIndex,
                         .lastLaunch = launchIndex});
        if (auto attention = dyn_cast<stage::AttentionOp>(*op); attention && isSharedOut(attention)) {
          states[result] = lives.size();
          lives.push_back({.space = spaces.lookup(attention.getKeySpace()),
                           .per = Per::Chunk,
                           .width = stateWidth(attention),
                           .element = builder.getF32Type(),
                           .firstLaunch = launchIndex,
                           .lastLaunch = launchIndex});
        }
      }
    }
    for (auto output : bodyOps<stage::OutputOp>())
      locate(output.getValue()).first.lastLaunch = static_cast<int64_t>(llvm::range_size(launches()));
    program.setSlots(assignSlots(lives));
    for (BufferLife &life : lives)
      life.buffer = BufferOp::create(builder, function.getLoc(), builder.getType<BufferType>(),
                                     life.cache ? IntegerAttr() : builder.getI64IntegerAttr(life.slot), life.cache,
                                     life.space, life.per, life.width, life.elementAttr());
  }

  //===- launches ------------------------------------------------------------//

  /// The words of a problem, with the values that they speak of.
  struct Words {
    SmallVector<Attribute> words;
    SmallVector<Value> values;

    void add(Attribute word, Value value = {}) {
      words.push_back(word);
      if (value)
        values.push_back(value);
    }
  };

  Attribute intWord(int64_t value) { return IntArgAttr::get(builder.getContext(), value); }
  Attribute pitchWord(int64_t width) { return PitchArgAttr::get(builder.getContext(), width); }

  Attribute parameterWord(Value parameter) {
    return ParameterArgAttr::get(builder.getContext(), parameter.getDefiningOp<xf::GetOp>().getParameterAttr());
  }

  void addField(Words &words, Value space, RowField field) {
    words.add(RowsArgAttr::get(builder.getContext(), field), space);
  }

  /// Two words: address and pitch.
  void addRows(Words &words, Value value) {
    auto [life, column] = locate(value);
    addRows(words, life, column);
  }
  void addRows(Words &words, const BufferLife &life, int64_t column) {
    words.add(BufferArgAttr::get(builder.getContext(), column), life.buffer);
    words.add(pitchWord(life.rowWords()));
  }

  void addExtras(Words &words, ValueRange extras) {
    for (Value extra : extras) {
      if (isa<RankedTensorType>(extra.getType()))
        addRows(words, extra);
      else
        words.add(parameterWord(extra));
    }
  }

  /// What a problem needs beside its kernel.
  struct Problem {
    Value space; // null: that of the rows it writes
    Over over = Over::Rows;
    int64_t columns = 1;
    FlatSymbolRefAttr columnSite, guard;
    int64_t flops = 0, bytes = 0;
    bool perKey = false;
    Value keySpace;
    std::optional<When> when;
    KernelForm form;
    Words words;
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
    p.words.add(parameterWord(op.getWeight()));
    p.words.add(widthWord(k, inSite));
    p.words.add(widthWord(n, outSite));
    addRows(p.words, result);
    if (op.getU()) {
      addRows(p.words, op.getU());
      p.words.add(parameterWord(op.getB()));
      p.words.add(widthWord(widthOf(op.getU()), siteOf(op.getB(), symbols)));
    } else {
      for (int i = 0; i < 4; ++i)
        p.words.add(intWord(0));
    }
    addExtras(p.words, op.getExtras());
    p.columns = n;
    p.columnSite = p.guard = outSite;
    p.flops = 2 * k;
    p.bytes = 4;
    return p;
  }

  /// The most keys that a sequence may have.
  int64_t mostKeys(stage::AttentionOp op) {
    if (auto held = op.getKeySpace().getDefiningOp<stage::HeldOp>())
      return mostHeld(held.getHistoryAttr());
    return static_cast<int64_t>(op.getKeySpace().getDefiningOp<stage::SpaceOp>().getMaxLength());
  }

  /// Whether the chunks of a long sequence are problems of their own: there is one query for each sequence, and
  /// heads may be fewer than those who could work.
  bool isSharedOut(stage::AttentionOp op) {
    auto held = op.getKeySpace().getDefiningOp<stage::HeldOp>();
    auto queries = spaces.lookup(op.getQuerySpace()).getDefiningOp<SpaceOp>();
    return held && comesByChunks(held.getHistoryAttr()) && queries.getDims().size() == 1 && !queries.getMask();
  }

  static int64_t headDimOf(stage::AttentionOp op) {
    return widthOf(op.getResult()) / static_cast<int64_t>(op.getHeads());
  }
  static int64_t stateWidth(stage::AttentionOp op) {
    return static_cast<int64_t>(op.getHeads()) * words::stateFloats(headDimOf(op));
  }

  /// The problem of each chunk.
  Problem describeChunks(stage::AttentionOp op, Value result) {
    Problem p = describe(op, result);
    Value keySpace = p.keySpace;
    p.words = {};
    for (Value value : {Value(op.getQuery()), Value(op.getKey()), Value(op.getValue())})
      addRows(p.words, value);
    addRows(p.words, lives[states.lookup(result)], 0);
    p.words.add(intWord(stateWidth(op)));
    addField(p.words, keySpace, RowField::Chunks);
    addField(p.words, keySpace, RowField::Begin);
    addField(p.words, keySpace, RowField::Keys);
    p.space = keySpace;
    p.over = Over::Chunks;
    p.form.skeleton = xf::Skeleton::AttentionChunk;
    p.when = When::Several;
    return p;
  }

  /// That of each sequence, which joins them.
  Problem describeJoin(stage::AttentionOp op, Value result) {
    Problem p;
    addRows(p.words, lives[states.lookup(result)], 0);
    addRows(p.words, result);
    p.words.add(intWord(stateWidth(op)));
    p.keySpace = spaces.lookup(op.getKeySpace());
    addField(p.words, p.keySpace, RowField::ChunkBegin);
    p.over = Over::Sequences;
    p.columns = op.getHeads();
    p.flops = 4 * headDimOf(op);
    p.bytes = 2 * floatBytes * headDimOf(op);
    p.form = {.chunk = keysOfChunk, .skeleton = xf::Skeleton::AttentionJoin};
    p.when = When::Several;
    return p;
  }

  Problem describe(stage::AttentionOp op, Value result) {
    Problem p;
    p.form.chunk = mostKeys(op) > keysOfChunk ? keysOfChunk : 0;
    if (isSharedOut(op))
      p.when = When::One;
    Value querySpace = spaces.lookup(op.getQuerySpace()), keySpace = spaces.lookup(op.getKeySpace());
    for (Value value : {Value(op.getQuery()), Value(op.getKey()), Value(op.getValue()), result})
      addRows(p.words, value);
    addField(p.words, querySpace, RowField::Blocks);
    addField(p.words, keySpace, RowField::Begin);
    addField(p.words, keySpace, RowField::Keys);
    int64_t headDim = headDimOf(op);
    p.over = Over::Blocks;
    p.columns = op.getHeads();
    p.flops = 4 * headDim;
    p.bytes = 2 * floatBytes * headDim;
    p.perKey = true;
    p.keySpace = keySpace;
    return p;
  }

  Problem rowWise(Value x, Value result, ValueRange extras, int64_t flopsPerElement) {
    Problem p;
    addRows(p.words, x);
    addRows(p.words, result);
    int64_t width = widthOf(x);
    p.words.add(intWord(width));
    addExtras(p.words, extras);
    p.flops = flopsPerElement * width;
    p.bytes = 2 * floatBytes * width;
    return p;
  }

  Problem describe(stage::RowNormOp op, Value result) { return rowWise(op.getX(), result, op.getExtras(), 8); }
  Problem describe(stage::MapOp op, Value result) { return rowWise(op.getX(), result, op.getExtras(), 8); }

  Problem describe(stage::PoolOp op, Value result) {
    Problem p = rowWise(op.getX(), result, {}, 1);
    Value space = spaces.lookup(op.getSpace());
    addField(p.words, space, RowField::Begin);
    addField(p.words, space, RowField::Keys);
    addField(p.words, space, RowField::Position);
    p.over = Over::Sequences;
    return p;
  }

  Problem describe(stage::GreatestOp op, Value result) {
    Problem p = rowWise(op.getX(), result, {}, 1);
    p.bytes = floatBytes * widthOf(op.getX()); // it writes but a number
    return p;
  }

  Problem describe(stage::AppendOp op, Value result) {
    Problem p = rowWise(op.getX(), result, {}, 1);
    p.space = spaces.lookup(op.getSpace());
    addField(p.words, p.space, RowField::Cells);
    return p;
  }

  Problem describe(stage::GatherOp op, Value result) {
    Problem p;
    FlatSymbolRefAttr site = rankSite(op);
    int64_t width = site ? maxRank(site) : widthOf(result);
    addRows(p.words, result);
    p.words.add(widthWord(width, site));
    for (auto [table, index] : llvm::zip(op.getTables(), op.getIndices())) {
      if (isa<RankedTensorType>(table.getType())) {
        addRows(p.words, table);
      } else {
        DType element = rt::dtypeOf(cast<xf::PackedType>(table.getType()).getElementType());
        p.words.add(parameterWord(table));
        p.words.add(pitchWord(static_cast<int64_t>(words::rowWords(static_cast<uint64_t>(width), element))));
      }
      addIndex(p.words, index);
    }
    addExtras(p.words, op.getExtras());
    p.guard = site;
    p.flops = 2 * width;
    p.bytes = floatBytes * width * (1 + static_cast<int64_t>(op.getTables().size()));
    return p;
  }

  void addIndex(Words &words, Value index) {
    Value space = spaces.lookup(stage::spaceOfIndex(index));
    if (stage::isPerSequence(index.getType()))
      return addField(words, space, RowField::First);
    if (auto ids = index.getDefiningOp<stage::IdsOp>())
      return words.add(IdsArgAttr::get(builder.getContext()), inputs.lookup(ids.getSource()));
    addField(words, space, RowField::Position);
  }

  void emitLaunch(stage::LaunchOp launch) {
    auto yield = cast<xf::YieldOp>(launch.getBody().front().getTerminator());
    std::string label = labelOf(yield.getValues().front().getLoc());
    if (yield.getValues().size() > 1)
      label += " +" + std::to_string(yield.getValues().size() - 1);
    auto op = LaunchOp::create(builder, launch.getLoc(), label);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getBody());
    for (auto [result, value] : llvm::zip(launch.getResults(), yield.getValues()))
      emitProblems(value.getDefiningOp<stage::SkeletonOpInterface>(), result);
    kernels.addEntry(op);
    builder.setInsertionPointAfter(op);
    emitChunks(launch, yield, label);
  }

  /// Attentions that are shared out once more: by chunks, then their joins.
  void emitChunks(stage::LaunchOp launch, xf::YieldOp yield, StringRef label) {
    SmallVector<std::pair<stage::AttentionOp, Value>> attentions;
    for (auto [result, value] : llvm::zip(launch.getResults(), yield.getValues()))
      if (states.contains(result))
        attentions.push_back({value.getDefiningOp<stage::AttentionOp>(), result});
    if (attentions.empty())
      return;
    auto emit = [&](const Twine &label, llvm::function_ref<void(stage::AttentionOp, Value)> problem) {
      auto op = LaunchOp::create(builder, launch.getLoc(), label.str());
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(&op.getBody());
      for (auto [attention, result] : attentions)
        problem(attention, result);
      kernels.addEntry(op);
    };
    emit(label + " chunks", [&](stage::AttentionOp op, Value result) {
      Problem p = describeChunks(op, result);
      emitProblem(op, p, lives[states.lookup(result)]);
    });
    emit(label + " join", [&](stage::AttentionOp op, Value result) {
      Problem p = describeJoin(op, result);
      emitProblem(op, p, locate(result).first);
    });
  }

  void emitProblems(stage::SkeletonOpInterface op, Value result) {
    auto concat = dyn_cast<stage::ConcatOp>(*op);
    if (!concat)
      return emitProblem(op, result);
    int64_t column = 0;
    for (Value part : concat.getParts()) {
      emitCopy(op, part, locate(result).first, column);
      column += widthOf(part);
    }
  }

  /// The rows of a part into columns of a buffer: a map whose region is the identity.
  void emitCopy(stage::SkeletonOpInterface op, Value part, const BufferLife &to, int64_t column) {
    Problem p;
    int64_t width = widthOf(part);
    addRows(p.words, part);
    addRows(p.words, to, column);
    p.words.add(intWord(width));
    p.flops = width;
    p.bytes = 2 * floatBytes * width;
    emitProblem(op, p, to);
  }

  void emitProblem(stage::SkeletonOpInterface op, Value result) {
    Problem p =
        TypeSwitch<Operation *, Problem>(op)
            .Case<stage::ContractOp, stage::AttentionOp, stage::RowNormOp, stage::GatherOp, stage::PoolOp, stage::MapOp,
                  stage::AppendOp, stage::GreatestOp>([&](auto typed) { return describe(typed, result); });
    emitProblem(op, p, locate(result).first);
  }

  void emitProblem(stage::SkeletonOpInterface op, Problem &p, const BufferLife &life) {
    if (life.per == Per::Sequence)
      p.over = Over::Sequences;
    ProblemOp::create(builder, op->getLoc(), kernels.getOrCreate(op, p.form).getSymName(), labelOf(op->getLoc()),
                      p.space ? p.space : Value(life.space), /*count=*/IntegerAttr(), p.over, p.columns, p.columnSite,
                      p.guard, p.flops, p.bytes, p.perKey, p.keySpace,
                      p.when ? WhenAttr::get(builder.getContext(), *p.when) : WhenAttr(),
                      builder.getArrayAttr(p.words.words), p.words.values);
  }

  void emitOutputs() {
    for (auto output : bodyOps<stage::OutputOp>()) {
      auto [life, column] = locate(output.getValue());
      OutputOp::create(builder, output.getLoc(), output.getName(), life.buffer, column, widthOf(output.getValue()),
                       output.getOnRequest());
    }
  }

  xf::FunctionOp function;
  SymbolTable &symbols;
  KernelTable &kernels;
  OpBuilder builder;
  ProgramOp program;
  DenseMap<Value, TypedValue<InputType>> inputs;
  DenseMap<Value, TypedValue<SpaceType>> spaces;
  DenseMap<Attribute, TypedValue<SpaceType>> heldSpaces; // by history
  DenseMap<Value, size_t> buffers;                       // in lives
  DenseMap<Value, size_t> states;                        // likewise, of attentions that are shared out
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
      Planner(function, symbols, kernels).run();
      function.erase();
    }
    if (failed(planDeploy(module, kernels)))
      return signalPassFailure();
    kernels.emitEntries();
  }
};

} // namespace
} // namespace ptx
