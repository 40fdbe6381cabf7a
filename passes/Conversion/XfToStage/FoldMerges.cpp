// From merges in parameters to folds: what a bound adapter changes becomes a
// stage over the packed base, and factors become parameters of their own.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/XfToStage/Regions.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace ptx {
#define GEN_PASS_DEF_FOLDMERGESPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

class Folder {
public:
  explicit Folder(ModuleOp module) : symbols(module), builder(module.getContext()) {
    module.walk([&](xf::DeltaOp delta) {
      if (delta.getDora())
        scaled.insert(delta.getSiteAttr());
    });
  }

  /// A parameter that packs a merge: `pack(merge(w, slot))`.
  void fold(xf::ParameterOp parameter) {
    auto yield = cast<xf::YieldOp>(parameter.getBody().front().getTerminator());
    auto pack = yield.getValues()[0].getDefiningOp<xf::PackOp>();
    auto merge = pack ? pack.getWeight().getDefiningOp<xf::MergeOp>() : xf::MergeOp();
    if (!merge || !isFoldable(pack, merge))
      return;
    auto slot = merge.getSlot().getDefiningOp<xf::SlotOp>();
    builder.setInsertionPoint(parameter);
    xf::ParameterOp base = outlineBase(parameter, pack, merge);
    xf::ParameterOp a = outlineA(slot), b = outlineB(parameter, slot, pack);

    Block &body = parameter.getBody().front();
    builder.setInsertionPoint(yield);
    auto get = [&](xf::ParameterOp read) -> Value {
      return xf::GetOp::create(builder, merge.getLoc(), read.getType(), read.getSymName());
    };
    auto folded =
        stage::FoldOp::create(builder, merge.getLoc(), pack.getType(), get(base), get(a), get(b), ValueRange());
    // Where the delta is exactly zero the base keeps its bits.
    stage::buildRegion(builder, merge.getLoc(), folded.getBody(), 2, [](OpBuilder &b, Location loc, ValueRange args) {
      Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[1], stage::buildConstant(b, loc, 0.0));
      Value sum = arith::AddFOp::create(b, loc, args[0], args[1]);
      return arith::SelectOp::create(b, loc, none, args[0], sum).getResult();
    });
    yield.getValuesMutable().assign(folded.getResult());
    SmallVector<Operation *> old = llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
    for (Operation *op : llvm::reverse(old))
      if (op->use_empty())
        op->erase();
  }

private:
  /// DoRA divides by norms of the merged weight; a matrix that is packed across
  /// its adapter's orientation is not what readers ask for; a narrow matrix must
  /// be rounded once, from a base that is not rounded yet.
  bool isFoldable(xf::PackOp pack, xf::MergeOp merge) const {
    auto slot = merge.getSlot().getDefiningOp<xf::SlotOp>();
    bool linear = merge.getForm() == xf::Form::Linear;
    bool isTable = pack.getType().getLayout() == xf::Layout::Table;
    if (!pack.getType().getElementType().isF32())
      return false;
    return !scaled.contains(slot.getSiteAttr()) && (isTable ? !linear : linear != pack.getInOut());
  }

  xf::ParameterOp create(StringRef name, Location loc, xf::PackedType type, llvm::function_ref<Value()> value) {
    auto made = xf::ParameterOp::create(builder, loc, name, type);
    symbols.insert(made);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&made.getBody());
    xf::YieldOp::create(builder, loc, value());
    return made;
  }

  xf::ParameterOp outlineBase(xf::ParameterOp parameter, xf::PackOp pack, xf::MergeOp merge) {
    return create((parameter.getSymName() + ".base").str(), pack.getLoc(), pack.getType(), [&] {
      IRMapping mapping;
      for (Operation &op : parameter.getBody().front().without_terminator()) {
        if (&op == merge.getOperation())
          mapping.map(merge.getResult(), mapping.lookup(merge.getWeight()));
        else if (&op != merge.getSlot().getDefiningOp())
          builder.clone(op, mapping);
      }
      return mapping.lookup(pack.getResult());
    });
  }

  /// A^T; parameters of one site share it.
  xf::ParameterOp outlineA(xf::SlotOp slot) {
    xf::ParameterOp &known = factors[slot.getSiteAttr()];
    if (known)
      return known;
    auto type = xf::PackedType::get(slot.getContext(), xf::Layout::Table, slot.getType().getIn(), -1);
    return known = create((slot.getSite() + ".a").str(), slot.getLoc(), type, [&]() -> Value {
             Value own = builder.clone(*slot)->getResult(0);
             return xf::FactorAOp::create(builder, slot.getLoc(), type, own, xf::Form::Embedding);
           });
  }

  xf::ParameterOp outlineB(xf::ParameterOp parameter, xf::SlotOp slot, xf::PackOp pack) {
    DenseI64ArrayAttr rows = pack.getRowsAttr();
    int64_t out = rows ? rows[1] - rows[0] : slot.getType().getOut();
    auto type = xf::PackedType::get(slot.getContext(), xf::Layout::Matrix, out, -1);
    return create((parameter.getSymName() + ".b").str(), slot.getLoc(), type, [&]() -> Value {
      Value own = builder.clone(*slot)->getResult(0);
      return xf::FactorBOp::create(builder, slot.getLoc(), type, own, rows);
    });
  }

  SymbolTable symbols;
  OpBuilder builder;
  DenseSet<Attribute> scaled;                   // sites of a DoRA
  DenseMap<Attribute, xf::ParameterOp> factors; // A^T by site
};

struct FoldMerges : impl::FoldMergesPassBase<FoldMerges> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Staged)))
      return signalPassFailure();
    Folder folder(getOperation());
    for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<xf::ParameterOp>()))
      folder.fold(parameter);
  }
};

} // namespace
} // namespace ptx
