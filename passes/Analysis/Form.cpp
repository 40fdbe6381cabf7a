#include "passes/Analysis/Form.h"

#include "dialects/stage/IR/StageDialect.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace ptx {

namespace {

/// The forms an op may occur in, from the first to the last.
struct Occurs {
  IrForm first, last;
};

/// Where ops may occur: in a function or a layer body, or in a module.
struct Table {
  llvm::StringMap<Occurs> inside, top;

  template <typename... Ops> static void add(llvm::StringMap<Occurs> &table, IrForm first, IrForm last) {
    (table.try_emplace(Ops::getOperationName(), Occurs{first, last}), ...);
  }

  Table() {
    using enum IrForm;
    add<xf::WeightOp, xf::AdapterOp, xf::HistoryOp, xf::CacheOp, xf::FunctionOp>(top, Model, Launched);
    add<func::FuncOp>(top, Model, Staged);
    add<xf::ParameterOp>(top, Deployed, Launched);

    add<xf::UseOp, xf::SinusoidOp, xf::ZeroBiasOp>(inside, Model, Packed);
    add<xf::SlotOp, xf::ReplacedOp, xf::MergeOp, xf::MergeBiasOp>(inside, Adapted, Packed);
    add<xf::PackOp, xf::FactorAOp, xf::FactorBOp, xf::FactorVectorOp, xf::OutputGainOp>(inside, Packed, Packed);
    add<xf::GetOp>(inside, Deployed, Launched);
    add<xf::InputOp, xf::StateOp>(inside, Model, Launched);
    add<xf::VisibleOp, xf::PositionsOp, xf::OutputOp, xf::EmbeddingOp, xf::LinearOp, xf::AttentionOp, xf::LayerNormOp,
        xf::ActivationOp, xf::ScaleOp, xf::ColumnsOp, xf::FirstTokenOp, xf::PoolOp, xf::ConcatOp, xf::L2NormalizeOp,
        xf::GreatestOp, xf::HeldOp, xf::AppendOp, xf::RecallOp, arith::AddFOp>(inside, Model, Deployed);
    add<xf::LoraLinearOp>(inside, Adapted, Deployed);
    add<xf::LoraEmbeddingOp>(inside, Adapted, Scheduled);
    add<xf::GainOp>(inside, Packed, Deployed);
    add<func::CallOp, func::ReturnOp>(inside, Model, Staged);
    add<xf::WaveOp>(inside, Scheduled, Flat);
    add<xf::YieldOp>(inside, Scheduled, Launched);
    add<stage::SpaceOp, stage::HeldOp, stage::IdsOp, stage::PositionsOp, stage::FirstRowsOp, stage::ColumnsOp,
        stage::RecallOp, stage::OutputOp>(inside, Staged, Launched);
    add<stage::LaunchOp>(inside, Launched, Launched);
  }

  static const Table &get() {
    static const Table table;
    return table;
  }
};

/// The phase that starts from a form, for messages.
StringRef startsFrom(IrForm form) {
  switch (form) {
  case IrForm::Model:
    return "adapt";
  case IrForm::Adapted:
  case IrForm::Scheduled:
    return "schedule or deploy";
  case IrForm::Packed:
    return "deploy";
  case IrForm::Deployed:
    return "stage";
  case IrForm::Staged:
  case IrForm::Flat:
    return "merge";
  case IrForm::Launched:
    return "plan";
  }
  llvm_unreachable("every form is named");
}

class Checker {
public:
  explicit Checker(IrForm form) : form(form) {}

  LogicalResult checkModule(ModuleOp module) {
    for (Operation &op : *module.getBody()) {
      if (failed(checkOccurs(&op, Table::get().top)))
        return failure();
      if (auto function = dyn_cast<xf::FunctionOp>(op); function && failed(checkFunction(function)))
        return failure();
      if (auto body = dyn_cast<func::FuncOp>(op); body && failed(checkBody(body)))
        return failure();
    }
    return success();
  }

  LogicalResult checkFunction(xf::FunctionOp function) {
    for (Operation &op : function.getBody().front()) {
      if (failed(checkInside(&op)))
        return failure();
      if (isa<func::ReturnOp, xf::YieldOp, stage::FoldOpInterface>(op))
        return op.emitOpError("does not stand in a function");
      // The regions of skeletons have verifiers of their own.
      if (auto launch = dyn_cast<stage::LaunchOp>(op))
        if (failed(checkBlock(launch.getBody().front())))
          return failure();
      if (auto wave = dyn_cast<xf::WaveOp>(op))
        if (failed(checkWave(wave)))
          return failure();
    }
    return success();
  }

private:
  static std::optional<Occurs> occurs(Operation *op, const llvm::StringMap<Occurs> &table) {
    if (auto found = table.find(op->getName().getStringRef()); found != table.end())
      return found->second;
    if (isa<stage::SkeletonOpInterface>(op) && &table == &Table::get().inside)
      return Occurs{IrForm::Staged, IrForm::Launched};
    return std::nullopt;
  }

  LogicalResult checkOccurs(Operation *op, const llvm::StringMap<Occurs> &table) {
    if (std::optional<Occurs> where = occurs(op, table); where && where->first <= form && form <= where->last)
      return success();
    return op->emitOpError("does not belong into the IR that phase ")
           << startsFrom(form) << " starts from: is this the dump of another phase?";
  }

  /// One op of a function, wave, launch or layer body.
  LogicalResult checkInside(Operation *op) {
    if (failed(checkOccurs(op, Table::get().inside)))
      return failure();
    bool expression = op->hasTrait<xf::WeightExpression>();
    if (isa<arith::AddFOp>(op) && !xf::isActivations(op->getResult(0).getType()))
      return op->emitOpError("expects activations, found ") << op->getResult(0).getType();
    if (form < IrForm::Packed || expression || isa<func::CallOp>(op))
      return success();
    for (Type type : op->getOperandTypes())
      if (isa<xf::WeightType, xf::LowRankType>(type))
        return op->emitOpError("reads ") << type << ", expected packed parameters";
    return success();
  }

  LogicalResult checkBlock(Block &block) {
    for (Operation &op : block)
      if (failed(checkInside(&op)))
        return failure();
    return success();
  }

  LogicalResult checkWave(xf::WaveOp wave) {
    if (failed(checkResults(wave, wave.getResultTypes())))
      return failure();
    for (Operation &op : wave.getBody().front())
      if (isa<xf::WaveOp, stage::LaunchOp, func::ReturnOp>(op))
        return op.emitOpError("does not stand in a wave");
    return checkBlock(wave.getBody().front());
  }

  LogicalResult checkBody(func::FuncOp body) {
    if (body.isExternal() || !body.getBody().hasOneBlock())
      return body.emitOpError("is a layer, expected a body of one block");
    for (Type type : body.getArgumentTypes())
      if (!isValue(type))
        return body.emitOpError("takes ") << type << ", expected activations, masks and weights";
    if (failed(checkResults(body, body.getResultTypes())))
      return failure();
    for (Operation &op : body.getBody().front()) {
      if (isa<func::CallOp, xf::WaveOp>(op))
        return op.emitOpError("stands in a layer, which calls nothing");
      if (failed(checkInside(&op)))
        return failure();
    }
    return success();
  }

  LogicalResult checkResults(Operation *op, TypeRange types) {
    for (Type type : types)
      if (!isActivations(type) && !isNumbers(type))
        return op->emitOpError("gives ") << type << ", expected activations";
    return success();
  }

  /// As they are, or as rows.
  bool isActivations(Type type) {
    return xf::isActivations(type) || (form >= IrForm::Staged && stage::isRowsOfF32(type));
  }

  /// What was chosen for each sequence, by what follows all layers.
  bool isNumbers(Type type) {
    return xf::isNumbers(type) || (form >= IrForm::Staged && stage::isIndex(type) && stage::isPerSequence(type));
  }

  /// What a layer may be handed: an id's limit does not travel with it.
  bool isValue(Type type) {
    if (form >= IrForm::Deployed && isa<xf::WeightType, xf::LowRankType>(type))
      return false;
    return isActivations(type) || xf::isMask(type) || xf::isWeightLike(type) ||
           isa<xf::CacheType, stage::SpaceType>(type);
  }

  IrForm form;
};

} // namespace

LogicalResult checkForm(Operation *root, IrForm form) {
  Checker checker(form);
  if (auto module = dyn_cast<ModuleOp>(root))
    return checker.checkModule(module);
  return checker.checkFunction(cast<xf::FunctionOp>(root));
}

} // namespace ptx
