// From merges in parameters to folds: what a bound adapter changes becomes a
// stage over the packed base, and what the adapter stores becomes parameters of
// its own.
#include "dialects/xf/IR/XfFactors.h"
#include "passes/Analysis/Form.h"
#include "passes/Conversion/XfToStage/Regions.h"
#include "passes/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_FOLDMERGESPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

/// The parameters of a module by what they are: equal ones are shared.
class Parameters {
public:
  explicit Parameters(ModuleOp module) : symbols(module) {
    for (auto parameter : module.getOps<xf::ParameterOp>())
      known.try_emplace(textOf(parameter), parameter);
  }

  /// One that `value` computes, in front of `reader`.
  xf::ParameterOp getOrCreate(xf::ParameterOp reader, const Twine &name, xf::PackedType type,
                              llvm::function_ref<Value(OpBuilder &)> value) {
    OpBuilder builder(reader);
    auto made = xf::ParameterOp::create(builder, reader.getLoc(), name.str(), type);
    builder.createBlock(&made.getBody());
    xf::YieldOp::create(builder, reader.getLoc(), value(builder));
    xf::ParameterOp &entry = known[textOf(made)];
    if (!entry) {
      symbols.insert(made);
      return entry = made;
    }
    made.erase();
    if (reader->isBeforeInBlock(entry))
      entry->moveBefore(reader);
    return entry;
  }

private:
  /// Equal expressions print equally, whatever they are called.
  static std::string textOf(xf::ParameterOp parameter) {
    StringAttr name = parameter.getSymNameAttr();
    parameter.setSymName("parameter");
    std::string text;
    llvm::raw_string_ostream stream(text);
    parameter.print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
    parameter.setSymNameAttr(name);
    return text;
  }

  SymbolTable symbols;
  llvm::StringMap<xf::ParameterOp> known;
};

SetVector<Operation *> sliceOf(Value value) {
  SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.inclusive = true;
  (void)getBackwardSlice(value, &slice, options);
  return slice;
}

/// The element type in which a base lies: that of what is packed where it holds
/// every stored value, else the stored one, so that a value is rounded once. An
/// adapter's own tensor may be stored in any.
Type baseType(Value weight, Type packed) {
  if (packed.isF32() || llvm::any_of(sliceOf(weight), llvm::IsaPred<xf::ReplacedOp>))
    return Float32Type::get(packed.getContext());
  return cast<xf::WeightType>(weight.getType()).getElementType();
}

/// A copy of what computes a value.
Value clone(OpBuilder &builder, Value value) {
  IRMapping mapping;
  for (Operation *op : sliceOf(value))
    builder.clone(*op, mapping);
  return mapping.lookup(value);
}

/// What a fold reads: the packed base, and A^T and s B, if any.
struct Operands {
  xf::ParameterOp base, a = {}, b = {};
};

/// What the adapters of a module store, taken together, by site.
class Stored {
public:
  explicit Stored(ModuleOp module) {
    module.walk([&](xf::DeltaOp delta) {
      for (const xf::FactorInfo &info : xf::factorTable)
        if (delta.has(info.factor))
          factors.insert({delta.getSiteAttr(), info.factor});
      if (delta.getRank() > 0)
        ranked.insert(delta.getSiteAttr());
    });
  }
  bool has(xf::SlotOp slot, xf::Factor factor) const { return factors.contains({slot.getSiteAttr(), factor}); }
  /// Whether some adapter has anything there: layers share bodies, and with them slots.
  bool hasAny(xf::SlotOp slot) const {
    return hasRank(slot) || llvm::any_of(xf::factorTable, [&](const auto &info) { return has(slot, info.factor); });
  }
  /// Whether some adapter has an A and a B there.
  bool hasRank(xf::SlotOp slot) const { return ranked.contains(slot.getSiteAttr()); }

private:
  DenseSet<std::pair<Attribute, xf::Factor>> factors;
  DenseSet<Attribute> ranked;
};

Value get(OpBuilder &b, xf::ParameterOp read) {
  return read ? xf::GetOp::create(b, read.getLoc(), read.getType(), read.getSymName()) : Value();
}

Value createFold(OpBuilder &b, Location loc, Type result, const Operands &operands, xf::ParameterOp inputs,
                 ArrayRef<xf::ParameterOp> extras, stage::Element element) {
  Value base = get(b, operands.base), a = get(b, operands.a), factor = get(b, operands.b), scale = get(b, inputs);
  auto values = llvm::map_to_vector(extras, [&](xf::ParameterOp extra) { return get(b, extra); });
  auto fold = stage::FoldOp::create(b, loc, result, base, a, factor, scale, values);
  stage::buildRegion(b, loc, fold.getBody(), 2 + extras.size(), element);
  return fold.getResult();
}

/// g = m / norm, 1 where there is no magnitude; times l, if any.
Value createGain(OpBuilder &b, Location loc, const Operands &operands, SmallVector<xf::ParameterOp> extras) {
  Value base = get(b, operands.base), a = get(b, operands.a), factor = get(b, operands.b);
  auto values = llvm::map_to_vector(extras, [&](xf::ParameterOp extra) { return get(b, extra); });
  auto norm = stage::FoldNormOp::create(b, loc, extras[0].getType(), base, a, factor, values);
  stage::buildRegion(b, loc, norm.getBody(), 1 + extras.size(), [&](OpBuilder &b, Location l, ValueRange args) {
    Value infinite = stage::buildConstant(b, l, xf::infoOf(xf::Factor::Magnitude).none);
    Value none = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[1], infinite);
    Value gain = arith::DivFOp::create(b, l, args[1], args[0]);
    gain = arith::SelectOp::create(b, l, none, stage::buildConstant(b, l, 1.0), gain);
    return args.size() == 3 ? arith::MulFOp::create(b, l, gain, args[2]).getResult() : gain;
  });
  return norm.getResult();
}

/// Turns one parameter into a fold.
class Folder {
public:
  Folder(xf::ParameterOp parameter, Parameters &known, const Stored &stored)
      : parameter(parameter), known(known), stored(stored), loc(parameter.getLoc()) {}

  LogicalResult fold() {
    Block &body = parameter.getBody().front();
    auto yield = cast<xf::YieldOp>(body.getTerminator());
    pack = yield.getValues()[0].getDefiningOp<xf::PackOp>();
    Operation *adapted = pack ? pack.getWeight().getDefiningOp() : nullptr;
    OpBuilder builder(yield);
    Value folded;
    if (auto merge = dyn_cast_or_null<xf::MergeOp>(adapted); merge && isAligned(merge))
      folded = foldWeight(builder, merge);
    else if (auto merge = dyn_cast_or_null<xf::MergeBiasOp>(adapted))
      folded = foldBias(builder, merge);
    else if (auto gain = dyn_cast_or_null<xf::OutputGainOp>(adapted))
      folded = foldGain(builder, gain);
    if (folded)
      yield.getValuesMutable().assign(folded);
    SmallVector<Operation *> old = llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
    for (Operation *op : llvm::reverse(old)) {
      if (op->use_empty())
        op->erase();
      else if (isa<xf::MergeOp, xf::MergeBiasOp, xf::OutputGainOp>(op))
        return op->emitOpError("is not packed by itself the way its factors lie: no kernel computes it");
    }
    return success();
  }

private:
  /// Whether the weight is packed the way its adapter's factors lie.
  bool isAligned(xf::MergeOp merge) {
    bool linear = merge.getForm() == xf::Form::Linear;
    return pack.getType().getLayout() == xf::Layout::Table ? !linear : linear != pack.getInOut();
  }

  static xf::SlotOp slotOf(Value slot) { return slot.getDefiningOp<xf::SlotOp>(); }
  int64_t outputs(xf::SlotOp slot) {
    DenseI64ArrayAttr rows = pack.getRowsAttr();
    return rows ? rows[1] - rows[0] : slot.getType().getOut();
  }

  /// What no adapter changes is packed as it is.
  Value packAlone(OpBuilder &b, Value weight) {
    return xf::PackOp::create(b, loc, pack.getType(), weight, pack.getInOut(), pack.getRowsAttr());
  }

  //===- what becomes of it ----------------------------------------------------//

  /// gain (W + s B A) h.
  Value foldWeight(OpBuilder &b, xf::MergeOp merge) {
    xf::SlotOp slot = slotOf(merge.getSlot());
    xf::PackedType type = pack.getType();
    if (!stored.hasAny(slot))
      return packAlone(b, merge.getWeight());
    auto base = xf::PackedType::get(b.getContext(), type.getLayout(), type.getRows(), type.getColumns(),
                                    baseType(merge.getWeight(), type.getElementType()));
    Operands operands = outlineOperands(slot, base, merge.getWeight(), pack.getInOut());
    xf::ParameterOp inputs, gain;
    if (stored.has(slot, xf::Factor::InputScale))
      inputs = outlineVector(xf::Factor::InputScale, slot);
    if (stored.has(slot, xf::Factor::Magnitude)) {
      SmallVector<xf::ParameterOp> scales = outlineScales(slot);
      gain = known.getOrCreate(parameter, parameter.getSymName() + ".gain", scales[0].getType(),
                               [&](OpBuilder &inner) { return createGain(inner, loc, operands, scales); });
    } else if (stored.has(slot, xf::Factor::OutputScale)) {
      gain = outlineVector(xf::Factor::OutputScale, slot);
    }
    SmallVector<xf::ParameterOp> extras;
    if (gain)
      extras.push_back(gain);
    // Where the delta is exactly zero the base keeps its bits.
    return createFold(b, loc, type, operands, inputs, extras, [&](OpBuilder &b, Location l, ValueRange args) -> Value {
      Value zero = stage::buildConstant(b, l, 0.0);
      Value none = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[1], zero);
      Value sum = arith::AddFOp::create(b, l, args[0], args[1]);
      Value merged = arith::SelectOp::create(b, l, none, args[0], sum);
      return gain ? arith::MulFOp::create(b, l, merged, args[2]).getResult() : merged;
    });
  }

  /// l (b + s b_B).
  Value foldBias(OpBuilder &b, xf::MergeBiasOp merge) {
    xf::SlotOp slot = slotOf(merge.getSlot());
    if (!stored.hasAny(slot))
      return packAlone(b, merge.getBias());
    bool hasDelta = stored.has(slot, xf::Factor::Bias), isScaled = stored.has(slot, xf::Factor::OutputScale);
    Operands operands{outlineBase(pack.getType(), merge.getBias(), false)};
    SmallVector<xf::ParameterOp> extras;
    if (hasDelta)
      extras.push_back(outlineVector(xf::Factor::Bias, slot));
    if (isScaled)
      extras.push_back(outlineVector(xf::Factor::OutputScale, slot));
    return createFold(b, loc, pack.getType(), operands, {}, extras,
                      [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                        Value bias = args[0];
                        if (hasDelta)
                          bias = arith::AddFOp::create(b, l, bias, args[2]);
                        return isScaled ? arith::MulFOp::create(b, l, bias, args.back()).getResult() : bias;
                      });
  }

  /// The gain of an adapter that stays separate, from the stored weight.
  Value foldGain(OpBuilder &b, xf::OutputGainOp gain) {
    xf::SlotOp slot = slotOf(gain.getSlot());
    if (!stored.has(slot, xf::Factor::Magnitude))
      return xf::FactorVectorOp::create(b, loc, pack.getType(), xf::Factor::OutputScale, slot, pack.getRowsAttr());
    Type element = cast<xf::WeightType>(gain.getWeight().getType()).getElementType();
    auto base = xf::PackedType::get(b.getContext(), xf::Layout::Matrix, outputs(slot), slot.getType().getIn(),
                                    baseType(gain.getWeight(), element));
    Operands operands = outlineOperands(slot, base, gain.getWeight(), gain.getForm() == xf::Form::Embedding);
    return createGain(b, loc, operands, outlineScales(slot));
  }

  //===- parameters that are read ----------------------------------------------//

  xf::ParameterOp outlineBase(xf::PackedType type, Value weight, bool inOut) {
    return known.getOrCreate(parameter, parameter.getSymName() + ".base", type, [&](OpBuilder &b) -> Value {
      return xf::PackOp::create(b, loc, type, clone(b, weight), inOut, pack.getRowsAttr());
    });
  }

  /// A^T is that of all rows of B: parameters of one site share it.
  Operands outlineOperands(xf::SlotOp slot, xf::PackedType base, Value weight, bool inOut) {
    MLIRContext *context = slot.getContext();
    auto a = xf::PackedType::get(context, xf::Layout::Table, slot.getType().getIn(), -1);
    auto b = xf::PackedType::get(context, xf::Layout::Matrix, outputs(slot), -1);
    Operands operands{outlineBase(base, weight, inOut)};
    if (!stored.hasRank(slot))
      return operands;
    operands.a = known.getOrCreate(parameter, slot.getSite() + ".a", a, [&](OpBuilder &builder) -> Value {
      return xf::FactorAOp::create(builder, loc, a, clone(builder, slot), xf::Form::Embedding);
    });
    operands.b = known.getOrCreate(parameter, parameter.getSymName() + ".b", b, [&](OpBuilder &builder) -> Value {
      return xf::FactorBOp::create(builder, loc, b, clone(builder, slot), pack.getRowsAttr());
    });
    return operands;
  }

  xf::ParameterOp outlineVector(xf::Factor factor, xf::SlotOp slot) {
    bool isOfInputs = xf::infoOf(factor).isOfInputs;
    int64_t size = isOfInputs ? slot.getType().getIn() : outputs(slot);
    auto type = xf::PackedType::get(slot.getContext(), xf::Layout::Vector, size, 1);
    DenseI64ArrayAttr rows = isOfInputs ? DenseI64ArrayAttr() : pack.getRowsAttr();
    return known.getOrCreate(
        parameter, slot.getSite() + "." + xf::stringifyEnum(factor), type,
        [&](OpBuilder &b) -> Value { return xf::FactorVectorOp::create(b, loc, type, factor, clone(b, slot), rows); });
  }

  /// What norms divide, and what multiplies the quotient.
  SmallVector<xf::ParameterOp> outlineScales(xf::SlotOp slot) {
    SmallVector<xf::ParameterOp> scales{outlineVector(xf::Factor::Magnitude, slot)};
    if (stored.has(slot, xf::Factor::OutputScale))
      scales.push_back(outlineVector(xf::Factor::OutputScale, slot));
    return scales;
  }

  xf::ParameterOp parameter;
  Parameters &known;
  const Stored &stored;
  Location loc;
  xf::PackOp pack;
};

struct FoldMerges : impl::FoldMergesPassBase<FoldMerges> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Staged)))
      return signalPassFailure();
    Stored stored(getOperation());
    Parameters known(getOperation());
    for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<xf::ParameterOp>()))
      if (failed(Folder(parameter, known, stored).fold()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace ptx
