// Expressions over weights: what the deploy function computes.
#include "dialects/xf/IR/XfFactors.h"
#include "passes/Interpreter/Delta.h"
#include "passes/Interpreter/Evaluator.h"
#include "passes/Interpreter/Product.h"

#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static llvm::ArrayRef<int64_t> shapeOf(mlir::Value weight) { return cast<xf::WeightType>(weight.getType()).getShape(); }

static LogicalResult sinusoid(Frame &frame, xf::SinusoidOp op) {
  llvm::ArrayRef<int64_t> shape = shapeOf(op.getResult());
  if (shape.size() != 2)
    return op.emitOpError("expects a table [P,D], found ") << format(shape);
  Array result(shape);
  for (int64_t p = 0; p < shape[0]; ++p)
    for (int64_t c = 0; c < shape[1]; ++c) {
      int64_t even = c - c % 2; // 2j
      double angle = p / std::pow(10000.0, static_cast<double>(even) / static_cast<double>(shape[1]));
      result.at(p, c) = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  return frame.set(op.getResult(), std::move(result));
}

LogicalResult interp::checkFinite(Operation *op, const Array &array) {
  for (auto [index, value] : llvm::enumerate(array.values))
    if (!std::isfinite(value))
      return op->emitOpError("gives a value that is not finite, element ") << index;
  return success();
}

static LogicalResult checkShape(Operation *op, const Array &weight, xf::LowRankType slot, Orientation orientation) {
  SmallVector<int64_t> expected{slot.getOut(), slot.getIn()};
  if (orientation == Orientation::InOut)
    std::swap(expected[0], expected[1]);
  if (weight.shape == expected)
    return success();
  return op->emitOpError("expects a weight of shape ")
         << format(expected) << " for " << slot << ", found " << format(weight.shape);
}

static LogicalResult replaced(Frame &frame, xf::ReplacedOp op) {
  FailureOr<ArrayPtr> own = frame.binding.replacement(op, op.getSite(), shapeOf(op.getResult()));
  if (failed(own))
    return failure();
  return frame.set(op.getResult(), Datum(*own ? *own : frame.arrayPtr(op.getWeight())));
}

static LogicalResult merge(Frame &frame, xf::MergeOp op) {
  const ArrayPtr &weight = frame.arrayPtr(op.getWeight());
  const LowRank &factors = frame.lowRank(op.getSlot());
  Orientation orientation = op.getForm() == xf::Form::Linear ? Orientation::OutIn : Orientation::InOut;
  auto slot = cast<xf::LowRankType>(op.getSlot().getType());
  if (failed(checkShape(op, *weight, slot, orientation)))
    return failure();
  if (!factors)
    return frame.set(op.getResult(), Datum(weight));
  Array result = merged(*weight, *factors, orientation);
  if (failed(checkFinite(op, result)))
    return failure();
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult mergeBias(Frame &frame, xf::MergeBiasOp op) {
  const LowRank &factors = frame.lowRank(op.getSlot());
  Array result = frame.array(op.getBias());
  int64_t out = cast<xf::LowRankType>(op.getSlot().getType()).getOut();
  if (static_cast<int64_t>(result.values.size()) != out)
    return op.emitOpError("expects a bias of ") << out << " elements, found " << result.values.size();
  if (const Array *own = factors ? factors->find(xf::Factor::Bias) : nullptr)
    for (auto [bias, change] : llvm::zip(result.values, own->values))
      bias += factors->scale * change;
  if (const Array *scale = factors ? factors->find(xf::Factor::OutputScale) : nullptr)
    for (auto [bias, factor] : llvm::zip(result.values, scale->values))
      bias *= factor;
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult zeroBias(Frame &frame, xf::ZeroBiasOp op) {
  return frame.set(op.getResult(), Array(shapeOf(op.getResult()), -0.0));
}

static LogicalResult factorA(Frame &frame, xf::FactorAOp op) {
  const LowRank &factors = frame.lowRank(op.getSlot());
  int64_t in = cast<xf::LowRankType>(op.getSlot().getType()).getIn();
  Array a = factors ? factors->a : Array({0, in});
  if (op.getForm() == xf::Form::Linear)
    return frame.set(op.getResult(), std::move(a));
  Array table({in, a.shape[0]});
  for (int64_t i = 0; i < in; ++i)
    for (int64_t r = 0; r < a.shape[0]; ++r)
      table.at(i, r) = a.at(r, i);
  return frame.set(op.getResult(), std::move(table));
}

// [begin, end) of `rows`, or all of them.
static LogicalResult range(Operation *op, std::optional<llvm::ArrayRef<int64_t>> rows, int64_t count, int64_t &begin,
                           int64_t &end) {
  begin = 0;
  end = count;
  if (!rows)
    return success();
  if (rows->size() != 2 || (*rows)[0] < 0 || (*rows)[0] >= (*rows)[1] || (*rows)[1] > count)
    return op->emitOpError("rows must be [begin, end) inside 0 to ") << count << ", found " << format(*rows);
  begin = (*rows)[0];
  end = (*rows)[1];
  return success();
}

static LogicalResult factorB(Frame &frame, xf::FactorBOp op) {
  const LowRank &factors = frame.lowRank(op.getSlot());
  int64_t out = cast<xf::LowRankType>(op.getSlot().getType()).getOut();
  int64_t begin, end;
  if (failed(range(op, op.getRows(), out, begin, end)))
    return failure();
  int64_t rank = factors ? factors->b.shape[1] : 0;
  Array result({end - begin, rank});
  for (int64_t n = begin; n < end; ++n)
    for (int64_t r = 0; r < rank; ++r)
      result.at(n - begin, r) = factors->scale * factors->b.at(n, r);
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult factorVector(Frame &frame, xf::FactorVectorOp op) {
  const LowRank &factors = frame.lowRank(op.getSlot());
  const xf::FactorInfo &info = xf::infoOf(op.getFactor());
  int64_t size = xf::sizeOf(info.factor, cast<xf::LowRankType>(op.getSlot().getType())), begin, end;
  if (failed(range(op, op.getRows(), size, begin, end)))
    return failure();
  Array result({end - begin}, info.none);
  if (const Array *own = factors ? factors->find(info.factor) : nullptr) {
    double scale = info.factor == xf::Factor::Bias ? factors->scale : 1;
    for (int64_t n = begin; n < end; ++n)
      result.values[n - begin] = own->values[n] * scale;
  }
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult outputGain(Frame &frame, xf::OutputGainOp op) {
  const Array &weight = frame.array(op.getWeight());
  const LowRank &factors = frame.lowRank(op.getSlot());
  auto slot = cast<xf::LowRankType>(op.getSlot().getType());
  Orientation orientation = op.getForm() == xf::Form::Embedding ? Orientation::InOut : Orientation::OutIn;
  if (failed(checkShape(op, weight, slot, orientation)))
    return failure();
  Array result = factors ? gain(weight, *factors, orientation) : Array({slot.getOut()}, 1.0);
  llvm::ArrayRef<int64_t> column = shapeOf(op.getResult());
  if (Array::product(column) == slot.getOut())
    result.shape.assign(column.begin(), column.end()); // [OUT] or [OUT,1]
  if (failed(checkFinite(op, result)))
    return failure();
  return frame.set(op.getResult(), std::move(result));
}

// The logical matrix or vector; how it lies in memory is not our matter.
static LogicalResult pack(Frame &frame, xf::PackOp op) {
  const Array &weight = frame.array(op.getWeight());
  auto type = cast<xf::PackedType>(op.getResult().getType());
  bool vector = type.getLayout() == xf::Layout::Vector;
  int64_t count = weight.values.size();
  SmallVector<int64_t> shape = weight.shape;
  if (vector) // [N], [N,1] and [1,N] are the same column.
    shape = {count, 1};
  if (shape.size() < 2)
    shape.push_back(1);
  Array matrix({shape[0], shape[0] ? count / shape[0] : 0}, weight.values);
  if (op.getInOut()) {
    if (vector)
      return op.emitOpError("cannot transpose a vector");
    Array transposed({matrix.shape[1], matrix.shape[0]});
    for (int64_t r = 0; r < matrix.shape[0]; ++r)
      for (int64_t c = 0; c < matrix.shape[1]; ++c)
        transposed.at(c, r) = matrix.at(r, c);
    matrix = std::move(transposed);
  }
  int64_t begin, end;
  if (failed(range(op, op.getRows(), matrix.shape[0], begin, end)))
    return failure();
  Array result({end - begin, matrix.shape[1]}, std::vector<double>(matrix.row(begin), matrix.row(end)));
  if (vector)
    result.shape.pop_back();
  return frame.set(op.getResult(), rounded(std::move(result), type.getElementType()));
}

void interp::addWeights(Table &table) {
  table.add<sinusoid>();
  table.add<replaced>();
  table.add<merge>();
  table.add<mergeBias>();
  table.add<zeroBias>();
  table.add<factorA>();
  table.add<factorB>();
  table.add<factorVector>();
  table.add<outputGain>();
  table.add<pack>();
}
