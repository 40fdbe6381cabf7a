// Operations of xf on each element or row by itself.
#include "passes/Interpreter/Evaluator.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

// gamma or beta: as many elements as x has columns, or nothing.
static LogicalResult checkAffine(Frame &frame, Operation *op, mlir::Value operand, int64_t columns) {
  if (!operand)
    return success();
  int64_t count = frame.array(operand).values.size();
  if (count == columns)
    return success();
  return op->emitOpError("expects ") << columns << " elements of gamma and beta, found " << count;
}

static LogicalResult layerNorm(Frame &frame, xf::LayerNormOp op) {
  const Array &x = frame.array(op.getX());
  double width = x.columns(), eps = op.getEps().convertToDouble();
  if (failed(checkAffine(frame, op, op.getGamma(), x.columns())) ||
      failed(checkAffine(frame, op, op.getBeta(), x.columns())))
    return failure();
  const Array *gamma = op.getGamma() ? &frame.array(op.getGamma()) : nullptr;
  const Array *beta = op.getBeta() ? &frame.array(op.getBeta()) : nullptr;
  Array y(x.shape);
  for (int64_t m = 0; m < x.rows(); ++m) {
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < x.columns(); ++c)
      mean += x.at(m, c) / width;
    for (int64_t c = 0; c < x.columns(); ++c)
      variance += (x.at(m, c) - mean) * (x.at(m, c) - mean) / width;
    for (int64_t c = 0; c < x.columns(); ++c) {
      double &element = y.at(m, c);
      element = (x.at(m, c) - mean) / std::sqrt(variance + eps);
      if (gamma)
        element *= gamma->values[c];
      if (beta)
        element += beta->values[c];
    }
  }
  return frame.set(op.getResult(), std::move(y));
}

static double activate(xf::ActivationKind kind, double x) {
  switch (kind) {
  case xf::ActivationKind::Relu:
    return x > 0 || std::isnan(x) ? x : 0.0;
  case xf::ActivationKind::Gelu:
    return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2));
  case xf::ActivationKind::GeluTanh:
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  case xf::ActivationKind::Silu:
    return x / (1.0 + std::exp(-x));
  case xf::ActivationKind::Tanh:
    return std::tanh(x);
  case xf::ActivationKind::Relu2:
    return x > 0 || std::isnan(x) ? x * x : 0.0;
  }
  return x;
}

static LogicalResult activation(Frame &frame, xf::ActivationOp op) {
  Array y = frame.array(op.getX());
  for (double &element : y.values)
    element = activate(op.getKind(), element);
  return frame.set(op.getResult(), std::move(y));
}

static LogicalResult scale(Frame &frame, xf::ScaleOp op) {
  Array y = frame.array(op.getX());
  for (double &element : y.values)
    element *= op.getFactor().convertToDouble();
  return frame.set(op.getResult(), std::move(y));
}

static LogicalResult gainPerChannel(Frame &frame, xf::GainOp op) {
  Array y = frame.array(op.getX());
  const Array &vector = frame.array(op.getVector());
  if (static_cast<int64_t>(vector.values.size()) != y.columns())
    return op.emitOpError("has ") << vector.values.size() << " factors for " << y.columns() << " channels";
  for (int64_t m = 0; m < y.rows(); ++m)
    for (int64_t c = 0; c < y.columns(); ++c)
      y.at(m, c) *= vector.values[c];
  return frame.set(op.getResult(), std::move(y));
}

FailureOr<Array> interp::columnsOf(Operation *op, const Array &x, int64_t offset, Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked || ranked.getRank() == 0 || ranked.isDynamicDim(ranked.getRank() - 1))
    return op->emitOpError("needs a result of known width");
  int64_t width = ranked.getShape().back();
  if (offset < 0 || offset > x.columns() || width > x.columns() - offset)
    return op->emitOpError("takes ") << width << " columns at " << offset << " of " << x.columns();
  Array y(withColumns(x, width));
  for (int64_t m = 0; m < y.rows(); ++m)
    std::copy_n(x.row(m) + offset, width, y.row(m));
  return y;
}

FailureOr<Array> interp::concatColumns(Operation *op, llvm::ArrayRef<const Array *> parts) {
  int64_t width = 0;
  for (const Array *part : parts) {
    if (part->leading() != parts.front()->leading())
      return op->emitOpError("joins rows of shapes ") << format(parts.front()->shape) << " and " << format(part->shape);
    width += part->columns();
  }
  Array y(withColumns(*parts.front(), width));
  for (int64_t m = 0; m < y.rows(); ++m) {
    double *to = y.row(m);
    for (const Array *part : parts)
      to = std::copy_n(part->row(m), part->columns(), to);
  }
  return y;
}

static LogicalResult concat(Frame &frame, xf::ConcatOp op) {
  SmallVector<const Array *> parts;
  for (mlir::Value part : op.getParts())
    parts.push_back(&frame.array(part));
  FailureOr<Array> result = concatColumns(op, parts);
  if (failed(result))
    return failure();
  return frame.set(op.getResult(), std::move(*result));
}

static LogicalResult columns(Frame &frame, xf::ColumnsOp op) {
  FailureOr<Array> result = columnsOf(op, frame.array(op.getX()), op.getOffset(), op.getResult().getType());
  if (failed(result))
    return failure();
  return frame.set(op.getResult(), std::move(*result));
}

static LogicalResult l2Normalize(Frame &frame, xf::L2NormalizeOp op) {
  Array y = frame.array(op.getX());
  for (int64_t m = 0; m < y.rows(); ++m) {
    double squares = 0;
    for (int64_t c = 0; c < y.columns(); ++c)
      squares += y.at(m, c) * y.at(m, c);
    double norm = std::max(std::sqrt(squares), 1e-12);
    for (int64_t c = 0; c < y.columns(); ++c)
      y.at(m, c) /= norm;
  }
  return frame.set(op.getResult(), std::move(y));
}

Integers interp::greatestOf(const Array &x) {
  Integers result({x.rows()});
  for (int64_t m = 0; m < x.rows(); ++m) {
    llvm::ArrayRef<double> row(x.row(m), x.columns());
    auto flaw = llvm::find_if(row, [](double element) { return !std::isfinite(element); });
    result.values[m] =
        flaw == row.end() ? std::max_element(row.begin(), row.end()) - row.begin() : -1 - (flaw - row.begin());
  }
  return result;
}

static LogicalResult greatest(Frame &frame, xf::GreatestOp op) {
  return frame.set(op.getResult(), datum(greatestOf(frame.array(op.getX()))));
}

void interp::addCompute(Table &table) {
  table.add<layerNorm>();
  table.add<activation>();
  table.add<scale>();
  table.add<gainPerChannel>();
  table.add<columns>();
  table.add<concat>();
  table.add<l2Normalize>();
  table.add<greatest>();
}
