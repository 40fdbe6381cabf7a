// From [B,S,D] tensors to skeletons over rows. Each body and function is
// rebuilt op by op: a mask becomes the row table of its tokens, activations
// become rows of that table.
#include "passes/Analysis/Form.h"
#include "passes/Conversion/XfToStage/Regions.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

namespace ptx {
#define GEN_PASS_DEF_XFTOSTAGEPASS
#include "passes/Passes.h.inc"

using namespace mlir;

namespace {

/// [B,S,D] and [B,D] become [rows,D]; a mask becomes a row table.
Type convertType(Type type) {
  if (xf::isMask(type))
    return stage::SpaceType::get(type.getContext());
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isF32())
    return type;
  return RankedTensorType::get({ShapedType::kDynamic, tensor.getShape().back()}, tensor.getElementType());
}

SmallVector<Type> convertTypes(TypeRange types) { return llvm::map_to_vector(types, convertType); }

/// Rebuilds the ops of one block with stage ops.
class Converter {
public:
  explicit Converter(MLIRContext *context) : builder(context) {}

  LogicalResult convertBody(func::FuncOp body) {
    Block *old = &body.getBody().front();
    SmallVector<Type> types = convertTypes(old->getArgumentTypes());
    SmallVector<Location> locs(types.size(), body.getLoc());
    Block *fresh = builder.createBlock(&body.getBody(), body.getBody().end(), types, locs);
    mapping.map(old->getArguments(), fresh->getArguments());
    if (failed(convertBlock(*old)))
      return failure();
    eraseBlock(old);
    body.setType(builder.getFunctionType(types, convertTypes(body.getResultTypes())));
    return success();
  }

  LogicalResult convertFunction(xf::FunctionOp function) {
    Block *old = &function.getBody().front();
    builder.createBlock(&function.getBody(), function.getBody().end());
    if (failed(convertBlock(*old)))
      return failure();
    eraseBlock(old);
    return success();
  }

private:
  static void eraseBlock(Block *block) {
    block->dropAllDefinedValueUses();
    block->erase();
  }

  LogicalResult convertBlock(Block &block) {
    for (Operation &op : block)
      if (failed(convert(&op)))
        return failure();
    return success();
  }

  Value get(Value value) { return value ? mapping.lookup(value) : Value(); }

  void replace(Operation *op, Value value) { mapping.map(op->getResult(0), value); }

  LogicalResult convert(Operation *op) {
    loc = op->getLoc();
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<xf::VisibleOp, xf::PositionsOp, xf::OutputOp, xf::EmbeddingOp, xf::LinearOp, xf::LoraLinearOp,
              xf::AttentionOp, xf::LayerNormOp, xf::ActivationOp, xf::ScaleOp, xf::GainOp, xf::ColumnsOp,
              xf::FirstTokenOp, xf::PoolOp, xf::ConcatOp, xf::L2NormalizeOp, arith::AddFOp, xf::WaveOp, func::CallOp>(
            [&](auto typed) { return convertOp(typed); })
        .Case<xf::InputOp, xf::GetOp, xf::YieldOp, func::ReturnOp>([&](auto) {
          builder.clone(*op, mapping);
          return success();
        })
        .Default([](Operation *other) { return other->emitError("has no stage: the stage phase does not know it"); });
  }

  //===- structure -----------------------------------------------------------//

  LogicalResult convertOp(xf::VisibleOp op) {
    replace(op, stage::SpaceOp::create(builder, loc, stage::SpaceType::get(op.getContext()), get(op.getSource()),
                                       op.getMaxLength(), op.getKeepFirst()));
    return success();
  }

  LogicalResult convertOp(xf::PositionsOp op) {
    replace(op, stage::PositionsOp::create(builder, loc, indexType(), get(op.getMask())));
    return success();
  }

  LogicalResult convertOp(xf::OutputOp op) {
    if (op.getMask() && xf::isPooled(op.getValue().getType()))
      return op.emitOpError("has a value per sequence, which takes no mask");
    Value space = op.getMask() ? get(op.getMask()) : sequenceSpace.lookup(op.getValue());
    if (!space)
      return op.emitOpError("without a mask needs a value per sequence");
    stage::OutputOp::create(builder, loc, op.getName(), get(op.getValue()), space, /*per_sequence=*/!op.getMask());
    return success();
  }

  LogicalResult convertOp(func::CallOp op) {
    SmallVector<Value> operands = llvm::map_to_vector(op.getOperands(), [&](Value v) { return get(v); });
    auto call = func::CallOp::create(builder, loc, op.getCallee(), convertTypes(op.getResultTypes()), operands);
    mapping.map(op.getResults(), call.getResults());
    return success();
  }

  LogicalResult convertOp(xf::WaveOp op) {
    auto wave = xf::WaveOp::create(builder, loc, convertTypes(op.getResultTypes()));
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(&wave.getBody());
      if (failed(convertBlock(op.getBody().front())))
        return failure();
    }
    mapping.map(op.getResults(), wave.getResults());
    return success();
  }

  //===- skeletons -----------------------------------------------------------//

  Type indexType() { return RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type()); }

  /// The index of each row: its position, or the id the caller gave.
  FailureOr<Value> indices(Value ids, Value space) {
    if (ids.getDefiningOp<xf::PositionsOp>())
      return get(ids);
    if (!ids.getDefiningOp<xf::InputOp>())
      return failure();
    return Value(stage::IdsOp::create(builder, loc, indexType(), get(ids), space));
  }

  LogicalResult convertOp(xf::EmbeddingOp op) {
    FailureOr<Value> index = indices(op.getIds(), get(op.getMask()));
    if (failed(index))
      return op.emitOpError("reads ids that are neither an input nor positions");
    gather(op, get(op.getTable()), *index);
    return success();
  }

  LogicalResult convertOp(xf::FirstTokenOp op) {
    Value space = get(op.getMask());
    gather(op, get(op.getX()), stage::FirstRowsOp::create(builder, loc, indexType(), space));
    sequenceSpace[op.getResult()] = space;
    return success();
  }

  void gather(Operation *op, Value table, Value index) {
    auto result =
        stage::GatherOp::create(builder, loc, convertType(op->getResult(0).getType()), table, index, ValueRange());
    stage::buildRegion(builder, loc, result.getBody(), 1,
                       [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    replace(op, result);
  }

  LogicalResult convertOp(xf::LinearOp op) {
    contract(op, op.getX(), get(op.getWeight()), {}, {}, {}, get(op.getBias()));
    return success();
  }

  LogicalResult convertOp(xf::LoraLinearOp op) {
    Type rank = RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic}, builder.getF32Type());
    auto u =
        stage::ContractOp::create(builder, loc, rank, get(op.getX()), get(op.getA()), Value(), Value(), ValueRange());
    stage::buildRegion(builder, loc, u.getBody(), 1, [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    contract(op, op.getX(), get(op.getWeight()), u, get(op.getB()), get(op.getGain()), get(op.getBias()));
    return success();
  }

  /// gain (x W + u b) + bias, whatever of it is there.
  void contract(Operation *op, Value x, Value weight, Value u, Value b, Value gain, Value bias) {
    SmallVector<Value> extras;
    if (gain)
      extras.push_back(gain);
    if (bias)
      extras.push_back(bias);
    auto result =
        stage::ContractOp::create(builder, loc, convertType(op->getResult(0).getType()), get(x), weight, u, b, extras);
    stage::buildRegion(builder, loc, result.getBody(), 1 + extras.size(),
                       [&](OpBuilder &b, Location l, ValueRange args) {
                         Value value = args[0];
                         if (gain)
                           value = arith::MulFOp::create(b, l, value, args[1]);
                         if (bias)
                           value = arith::AddFOp::create(b, l, value, args.back());
                         return value;
                       });
    replace(op, result);
    carrySequence(op, x);
  }

  LogicalResult convertOp(xf::AttentionOp op) {
    replace(op,
            stage::AttentionOp::create(builder, loc, convertType(op.getType()), get(op.getQuery()), get(op.getKey()),
                                       get(op.getValue()), get(op.getQueryMask()), get(op.getKeyMask()), op.getHeads(),
                                       op.getScale(), op.getCausal(), op.getProductTypeAttr()));
    return success();
  }

  LogicalResult convertOp(xf::LayerNormOp op) {
    SmallVector<Value> extras;
    bool gamma = static_cast<bool>(op.getGamma()), beta = static_cast<bool>(op.getBeta());
    if (gamma)
      extras.push_back(get(op.getGamma()));
    if (beta)
      extras.push_back(get(op.getBeta()));
    auto layerNorm = stage::NormAttr::get(op.getContext(), stage::Norm::Layer);
    auto result = stage::RowNormOp::create(builder, loc, convertType(op.getType()), layerNorm, get(op.getX()),
                                           op.getEpsAttr(), extras);
    stage::buildRegion(builder, loc, result.getBody(), 1 + extras.size(),
                       [&](OpBuilder &b, Location l, ValueRange args) {
                         Value value = args[0];
                         if (gamma)
                           value = arith::MulFOp::create(b, l, value, args[1]);
                         if (beta)
                           value = arith::AddFOp::create(b, l, value, args.back());
                         return value;
                       });
    replace(op, result);
    carrySequence(op, op.getX());
    return success();
  }

  LogicalResult convertOp(xf::L2NormalizeOp op) {
    auto l2Norm = stage::NormAttr::get(op.getContext(), stage::Norm::L2);
    auto result = stage::RowNormOp::create(builder, loc, convertType(op.getType()), l2Norm, get(op.getX()),
                                           builder.getF64FloatAttr(1e-12), ValueRange());
    stage::buildRegion(builder, loc, result.getBody(), 1,
                       [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    replace(op, result);
    carrySequence(op, op.getX());
    return success();
  }

  LogicalResult convertOp(xf::PoolOp op) {
    Value space = get(op.getMask());
    replace(op, stage::PoolOp::create(builder, loc, convertType(op.getType()), op.getKind(), get(op.getX()), space));
    sequenceSpace[op.getResult()] = space;
    return success();
  }

  LogicalResult convertOp(xf::ConcatOp op) {
    SmallVector<Value> parts = llvm::map_to_vector(op.getParts(), [&](Value v) { return get(v); });
    replace(op, stage::ConcatOp::create(builder, loc, convertType(op.getType()), parts));
    carrySequence(op, op.getParts().front());
    return success();
  }

  LogicalResult convertOp(xf::ColumnsOp op) {
    replace(op, stage::ColumnsOp::create(builder, loc, convertType(op.getType()), get(op.getX()), op.getOffset()));
    carrySequence(op, op.getX());
    return success();
  }

  //===- element-wise --------------------------------------------------------//

  LogicalResult convertOp(xf::ActivationOp op) {
    map(op, {op.getX()},
        [&](OpBuilder &b, Location l, ValueRange args) { return stage::buildActivation(b, l, op.getKind(), args[0]); });
    return success();
  }

  LogicalResult convertOp(xf::ScaleOp op) {
    map(op, {op.getX()}, [&](OpBuilder &b, Location l, ValueRange args) -> Value {
      return arith::MulFOp::create(b, l, args[0], stage::buildConstant(b, l, op.getFactor().convertToDouble()));
    });
    return success();
  }

  LogicalResult convertOp(xf::GainOp op) {
    map(op, {op.getX(), op.getVector()}, [](OpBuilder &b, Location l, ValueRange args) -> Value {
      return arith::MulFOp::create(b, l, args[0], args[1]);
    });
    return success();
  }

  LogicalResult convertOp(arith::AddFOp op) {
    map(op, {op.getLhs(), op.getRhs()}, [](OpBuilder &b, Location l, ValueRange args) -> Value {
      return arith::AddFOp::create(b, l, args[0], args[1]);
    });
    return success();
  }

  void map(Operation *op, ArrayRef<Value> operands, stage::Element element) {
    SmallVector<Value> extras = llvm::map_to_vector(operands.drop_front(), [&](Value v) { return get(v); });
    auto result = stage::MapOp::create(builder, loc, convertType(op->getResult(0).getType()), get(operands[0]), extras);
    stage::buildRegion(builder, loc, result.getBody(), operands.size(), element);
    replace(op, result);
    carrySequence(op, operands[0]);
  }

  /// A value computed from one row per sequence has one row per sequence.
  void carrySequence(Operation *op, Value from) {
    if (Value space = sequenceSpace.lookup(from))
      sequenceSpace[op->getResult(0)] = space;
  }

  OpBuilder builder;
  Location loc = builder.getUnknownLoc();
  IRMapping mapping;
  DenseMap<Value, Value> sequenceSpace;
};

struct XfToStage : impl::XfToStagePassBase<XfToStage> {
  void runOnOperation() override {
    if (failed(checkForm(getOperation(), IrForm::Deployed)))
      return signalPassFailure();
    for (auto body : getOperation().getOps<func::FuncOp>())
      if (failed(Converter(&getContext()).convertBody(body)))
        return signalPassFailure();
    for (auto function : getOperation().getOps<xf::FunctionOp>())
      if (failed(Converter(&getContext()).convertFunction(function)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace ptx
