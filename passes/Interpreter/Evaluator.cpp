// Walking blocks: one operation after the other, each by its entry in the
// table, each result checked against its type.
#include "passes/Interpreter/Evaluator.h"
#include "passes/Interpreter/Product.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

// Bodies nest as deep as calls do: layers inside functions. Deeper than this
// is a function that calls itself.
static constexpr int maxDepth = 64;

const Table &Table::get() {
  static const Table table = [] {
    Table table;
    addStructure(table);
    addWeights(table);
    addCompute(table);
    addLinear(table);
    addMixing(table);
    addScalar(table);
    addRows(table);
    addSkeletons(table);
    addState(table);
    return table;
  }();
  return table;
}

std::string interp::format(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os);
  os << ']';
  return text;
}

FailureOr<SmallVector<Datum>> Frame::run(Block &block) {
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      SmallVector<Datum> results;
      for (mlir::Value operand : op.getOperands())
        results.push_back(any(operand));
      return results;
    }
    Handler handler = Table::get().find(&op);
    if (!handler)
      return op.emitOpError("is unknown to the reference interpreter");
    if (failed(handler(*this, &op)))
      return failure();
  }
  return SmallVector<Datum>();
}

FailureOr<SmallVector<Datum>> Frame::runBody(Binding &binding, Call *call, Operation *user, Region &body,
                                             llvm::ArrayRef<Datum> arguments) {
  if (!body.hasOneBlock())
    return user->emitOpError("expects a body of one block, found ") << body.getBlocks().size();
  if (body.getNumArguments() != arguments.size())
    return user->emitOpError("gives ") << arguments.size() << " values to a body that takes " << body.getNumArguments();
  if (binding.depth == maxDepth)
    return user->emitOpError("is nested deeper than ") << maxDepth << " bodies: does it call itself?";
  Frame frame(binding, call);
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    if (failed(frame.set(argument, value)))
      return failure();
  ++binding.depth;
  FailureOr<SmallVector<Datum>> results = frame.run(body.front());
  --binding.depth;
  return results;
}

namespace {
/// What a type lets its values be: the alternative of the variant and, where
/// the type says so, the shape (-1: any).
struct Expectation {
  size_t kind = 0;
  std::optional<SmallVector<int64_t>> shape;
};
} // namespace

template <typename T> static constexpr size_t kindOf() { return Datum(T()).index(); }

static Expectation expectationOf(RankedTensorType type) {
  Expectation expected;
  Type element = type.getElementType();
  if (isa<FloatType>(element))
    expected.kind = kindOf<ArrayPtr>();
  else if (element.isInteger(1))
    expected.kind = kindOf<MaskPtr>();
  else
    expected.kind = kindOf<IntegersPtr>();
  expected.shape.emplace(type.getShape());
  for (int64_t &dim : *expected.shape)
    dim = ShapedType::isDynamic(dim) ? -1 : dim;
  return expected;
}

static Expectation expectationOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return expectationOf(tensor);
  if (auto weight = dyn_cast<xf::WeightType>(type))
    return {kindOf<ArrayPtr>(), SmallVector<int64_t>(weight.getShape())};
  if (auto packed = dyn_cast<xf::PackedType>(type)) {
    SmallVector<int64_t> shape{packed.getRows()};
    if (packed.getLayout() != xf::Layout::Vector)
      shape.push_back(packed.getColumns());
    return {kindOf<ArrayPtr>(), shape};
  }
  if (isa<xf::LowRankType>(type))
    return {kindOf<LowRank>(), {}};
  if (isa<xf::CacheType>(type))
    return {kindOf<CachePtr>(), {}};
  if (isa<stage::SpaceType>(type))
    return {kindOf<SpacePtr>(), {}};
  if (isa<FloatType, IntegerType>(type))
    return {kindOf<double>(), {}};
  return {};
}

static std::optional<SmallVector<int64_t>> shapeOf(const Datum &value) {
  if (auto *array = std::get_if<ArrayPtr>(&value))
    return (*array)->shape;
  if (auto *integers = std::get_if<IntegersPtr>(&value))
    return (*integers)->shape;
  if (auto *mask = std::get_if<MaskPtr>(&value))
    return SmallVector<int64_t>{(*mask)->sequences, (*mask)->length};
  return {};
}

LogicalResult Frame::set(mlir::Value key, Datum value) {
  Expectation expected = expectationOf(key.getType());
  auto error = [&] {
    if (Operation *op = key.getDefiningOp())
      return op->emitOpError();
    return mlir::emitError(key.getLoc(), "argument ");
  };
  if (expected.kind == 0 || expected.kind != value.index())
    return error() << "has a value of another kind than its type " << key.getType();
  if (expected.shape) {
    SmallVector<int64_t> shape = *shapeOf(value);
    bool same = shape.size() == expected.shape->size();
    for (size_t i = 0; same && i < shape.size(); ++i)
      same = (*expected.shape)[i] == -1 || (*expected.shape)[i] == shape[i];
    if (!same)
      return error() << "has a value of shape " << format(shape) << ", its type is " << key.getType();
  }
  values[key] = std::move(value);
  return success();
}

// Rows of f16 and bf16 are rounded when they are stored.
LogicalResult Frame::set(mlir::Value key, Array array) {
  auto rows = dyn_cast<RankedTensorType>(key.getType());
  return set(key, datum(rows ? rounded(std::move(array), rows.getElementType()) : std::move(array)));
}
