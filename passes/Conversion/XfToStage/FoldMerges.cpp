// From merges in parameters to folds: what a bound adapter changes becomes a
// stage over the packed base, and what the adapter stores becomes parameters of
// its own.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/XfToStage/Regions.h"
#include "passes/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"

#include <limits>

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

template <typename Fold>
Value createFold(OpBuilder &b, Location loc, Type result, const Operands &operands, ArrayRef<xf::ParameterOp> extras,
                 int64_t elements, stage::Element element) {
  auto get = [&](xf::ParameterOp read) -> Value {
    return read ? xf::GetOp::create(b, loc, read.getType(), read.getSymName()) : Value();
  };
  Value base = get(operands.base), a = get(operands.a), factor = get(operands.b);
  auto fold = Fold::create(b, loc, result, base, a, factor, llvm::map_to_vector(extras, get));
  stage::buildRegion(b, loc, fold.getBody(), elements + extras.size(), element);
  return fold.getResult();
}

/// g = m / norm; 1 where there is no magnitude.
Value createGain(OpBuilder &b, Location loc, const Operands &operands, xf::ParameterOp magnitude) {
  return createFold<stage::FoldNormOp>(
      b, loc, magnitude.getType(), operands, magnitude, 1, [](OpBuilder &b, Location l, ValueRange args) -> Value {
        Value infinite = stage::buildConstant(b, l, std::numeric_limits<double>::infinity());
        Value none = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[1], infinite);
        Value gain = arith::DivFOp::create(b, l, args[1], args[0]);
        return arith::SelectOp::create(b, l, none, stage::buildConstant(b, l, 1.0), gain);
      });
}

/// Turns one parameter into a fold.
class Folder {
public:
  Folder(xf::ParameterOp parameter, Parameters &known, const DenseSet<Attribute> &scaled)
      : parameter(parameter), known(known), scaled(scaled), loc(parameter.getLoc()) {}

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
    else if (auto gain = dyn_cast_or_null<xf::DoraGainOp>(adapted))
      folded = foldGain(builder, gain);
    if (folded)
      yield.getValuesMutable().assign(folded);
    SmallVector<Operation *> old = llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
    for (Operation *op : llvm::reverse(old)) {
      if (op->use_empty())
        op->erase();
      else if (isa<xf::MergeOp, xf::MergeBiasOp, xf::DoraGainOp>(op))
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

  //===- what becomes of it ----------------------------------------------------//

  /// gain (W + s B A).
  Value foldWeight(OpBuilder &b, xf::MergeOp merge) {
    xf::SlotOp slot = slotOf(merge.getSlot());
    xf::PackedType type = pack.getType();
    auto base = xf::PackedType::get(b.getContext(), type.getLayout(), type.getRows(), type.getColumns(),
                                    baseType(merge.getWeight(), type.getElementType()));
    Operands operands = outlineOperands(slot, base, merge.getWeight(), pack.getInOut());
    SmallVector<xf::ParameterOp> extras;
    if (scaled.contains(slot.getSiteAttr()))
      extras.push_back(outlineGain(operands, slot));
    // Where the delta is exactly zero the base keeps its bits.
    return createFold<stage::FoldOp>(
        b, loc, type, operands, extras, 2, [&](OpBuilder &b, Location l, ValueRange args) -> Value {
          Value zero = stage::buildConstant(b, l, 0.0);
          Value none = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[1], zero);
          Value sum = arith::AddFOp::create(b, l, args[0], args[1]);
          Value merged = arith::SelectOp::create(b, l, none, args[0], sum);
          return extras.empty() ? merged : arith::MulFOp::create(b, l, merged, args[2]).getResult();
        });
  }

  /// b + s b_B.
  Value foldBias(OpBuilder &b, xf::MergeBiasOp merge) {
    Operands operands{outlineBase(pack.getType(), merge.getBias(), false)};
    xf::ParameterOp change = outlineVector(xf::Factor::Bias, slotOf(merge.getSlot()));
    return createFold<stage::FoldOp>(b, loc, pack.getType(), operands, change, 2,
                                     [](OpBuilder &b, Location l, ValueRange args) -> Value {
                                       return arith::AddFOp::create(b, l, args[0], args[2]);
                                     });
  }

  /// The gain of an adapter that stays separate, from the stored weight.
  Value foldGain(OpBuilder &b, xf::DoraGainOp gain) {
    xf::SlotOp slot = slotOf(gain.getSlot());
    auto base = xf::PackedType::get(
        b.getContext(), xf::Layout::Matrix, outputs(slot), slot.getType().getIn(),
        baseType(gain.getWeight(), cast<xf::WeightType>(gain.getWeight().getType()).getElementType()));
    Operands operands = outlineOperands(slot, base, gain.getWeight(), gain.getForm() == xf::Form::Embedding);
    return createGain(b, loc, operands, outlineVector(xf::Factor::Magnitude, slot));
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
    return {outlineBase(base, weight, inOut),
            known.getOrCreate(parameter, slot.getSite() + ".a", a,
                              [&](OpBuilder &builder) -> Value {
                                return xf::FactorAOp::create(builder, loc, a, clone(builder, slot),
                                                             xf::Form::Embedding);
                              }),
            known.getOrCreate(parameter, parameter.getSymName() + ".b", b, [&](OpBuilder &builder) -> Value {
              return xf::FactorBOp::create(builder, loc, b, clone(builder, slot), pack.getRowsAttr());
            })};
  }

  xf::ParameterOp outlineVector(xf::Factor factor, xf::SlotOp slot) {
    auto type = xf::PackedType::get(slot.getContext(), xf::Layout::Vector, outputs(slot), 1);
    return known.getOrCreate(
        parameter, slot.getSite() + "." + xf::stringifyEnum(factor), type, [&](OpBuilder &b) -> Value {
          return xf::FactorVectorOp::create(b, loc, type, factor, clone(b, slot), pack.getRowsAttr());
        });
  }

  xf::ParameterOp outlineGain(const Operands &operands, xf::SlotOp slot) {
    xf::ParameterOp magnitude = outlineVector(xf::Factor::Magnitude, slot);
    return known.getOrCreate(parameter, parameter.getSymName() + ".gain", magnitude.getType(),
                             [&](OpBuilder &b) { return createGain(b, loc, operands, magnitude); });
  }

  xf::ParameterOp parameter;
  Parameters &known;
  const DenseSet<Attribute> &scaled; // sites that some adapter scales
  Location loc;
  xf::PackOp pack;
};

struct FoldMerges : impl::FoldMergesPassBase<FoldMerges> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Staged)))
      return signalPassFailure();
    DenseSet<Attribute> scaled;
    getOperation().walk([&](xf::DeltaOp delta) {
      if (delta.getDora())
        scaled.insert(delta.getSiteAttr());
    });
    Parameters known(getOperation());
    for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<xf::ParameterOp>()))
      if (failed(Folder(parameter, known, scaled).fold()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace ptx
