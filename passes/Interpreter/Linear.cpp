// Linears and embeddings, with or without a low-rank delta kept apart.
#include "passes/Interpreter/Delta.h"
#include "passes/Interpreter/Evaluator.h"
#include "passes/Interpreter/Product.h"

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

namespace {
/// Which part of the weights an operation reads.
struct Part {
  bool inOut;
  std::optional<llvm::ArrayRef<int64_t>> rows;
};
} // namespace

static FailureOr<std::pair<int64_t, int64_t>> range(Operation *op, const Part &part, int64_t count) {
  if (!part.rows)
    return std::pair<int64_t, int64_t>(0, count);
  llvm::ArrayRef<int64_t> rows = *part.rows;
  if (rows.size() != 2 || rows[0] < 0 || rows[0] >= rows[1] || rows[1] > count)
    return op->emitOpError("rows must be [begin, end) inside 0 to ") << count << ", found " << format(rows);
  return std::pair(rows[0], rows[1]);
}

// The weight as the [N,K] that takes part. What is packed has been transposed
// and cut by `xf.pack`.
static FailureOr<ArrayPtr> matrix(Frame &frame, Operation *op, mlir::Value operand, const Part &part) {
  const ArrayPtr &stored = frame.arrayPtr(operand);
  if (stored->shape.size() != 2)
    return op->emitOpError("expects a matrix, found shape ") << format(stored->shape);
  bool packed = isa<xf::PackedType>(operand.getType());
  if (packed && (part.inOut || part.rows))
    return op->emitOpError("has `in_out` or `rows` with a packed weight: "
                           "`xf.pack` has applied them");
  if (!part.inOut && !part.rows)
    return stored;
  auto rows = range(op, part, stored->shape[part.inOut ? 1 : 0]);
  if (failed(rows))
    return failure();
  Array result({rows->second - rows->first, stored->shape[part.inOut ? 0 : 1]});
  for (int64_t n = 0; n < result.shape[0]; ++n)
    for (int64_t k = 0; k < result.shape[1]; ++k)
      result.at(n, k) = part.inOut ? stored->at(k, rows->first + n) : stored->at(rows->first + n, k);
  return std::make_shared<const Array>(std::move(result));
}

// A bias or gain as the `width` elements that take part.
static FailureOr<std::vector<double>> column(Operation *op, const Array &stored, bool packed, const Part &part,
                                             int64_t width) {
  int64_t count = stored.values.size();
  auto rows = range(op, packed ? Part{} : part, count);
  if (failed(rows))
    return failure();
  if (rows->second - rows->first != width)
    return op->emitOpError("expects ") << width << " elements of bias or gain, found " << rows->second - rows->first;
  return std::vector<double>(stored.values.begin() + rows->first, stored.values.begin() + rows->second);
}

static FailureOr<std::vector<double>> column(Frame &frame, Operation *op, mlir::Value operand, const Part &part,
                                             int64_t width) {
  return column(op, frame.array(operand), isa<xf::PackedType>(operand.getType()), part, width);
}

static LogicalResult checkColumns(Operation *op, const Array &x, const Array &w) {
  if (x.columns() == w.columns())
    return success();
  return op->emitOpError("C1: x has ") << x.columns() << " columns, the weight takes " << w.columns();
}

static LogicalResult addBias(Frame &frame, Operation *op, mlir::Value bias, const Part &part, Array &y) {
  if (!bias)
    return success();
  auto values = column(frame, op, bias, part, y.columns());
  if (failed(values))
    return failure();
  for (int64_t m = 0; m < y.rows(); ++m)
    for (int64_t n = 0; n < y.columns(); ++n)
      y.at(m, n) += (*values)[n];
  return success();
}

static LogicalResult linear(Frame &frame, xf::LinearOp op) {
  Part part{op.getInOut(), op.getRows()};
  const Array &x = frame.array(op.getX());
  FailureOr<ArrayPtr> w = matrix(frame, op, op.getWeight(), part);
  if (failed(w) || failed(checkColumns(op, x, **w)))
    return failure();
  Array y = product(x, **w, xf::productType(op.getProductTypeAttr(), op.getContext()));
  if (failed(addBias(frame, op, op.getBias(), part, y)))
    return failure();
  return frame.set(op.getResult(), std::move(y));
}

// The delta's factors that take part: A [R,IN] and s B [N,R].
static FailureOr<std::pair<Array, Array>> factorsOf(Frame &frame, xf::LoraLinearOp op, const Part &part, int64_t in) {
  if (op.getA()) {
    if (!op.getB() || op.getSlot())
      return op.emitOpError("takes a slot or two factors");
    return std::pair(frame.array(op.getA()), frame.array(op.getB()));
  }
  if (!op.getSlot())
    return op.emitOpError("takes a slot or two factors");
  const LowRank &slot = frame.lowRank(op.getSlot());
  int64_t out = cast<xf::LowRankType>(op.getSlot().getType()).getOut();
  auto rows = range(op, part, out);
  if (failed(rows))
    return failure();
  if (!slot)
    return std::pair(Array({0, in}), Array({rows->second - rows->first, 0}));
  Array b({rows->second - rows->first, slot->b.shape[1]});
  for (int64_t n = 0; n < b.shape[0]; ++n)
    for (int64_t r = 0; r < b.shape[1]; ++r)
      b.at(n, r) = slot->scale * slot->b.at(rows->first + n, r);
  return std::pair(slot->a, b);
}

static bool isScaling(const Factors &factors) {
  return factors.find(xf::Factor::Magnitude) || factors.find(xf::Factor::OutputScale);
}

// x under the scale that the bound adapter has for inputs.
static FailureOr<Array> scaledInputs(Frame &frame, xf::LoraLinearOp op) {
  Array x = frame.array(op.getX());
  LowRank slot = op.getSlot() ? frame.lowRank(op.getSlot()) : nullptr;
  const Array *scale = slot ? slot->find(xf::Factor::InputScale) : nullptr;
  if (scale && !op.getScalesInputs())
    return op.emitOpError("has no `scales_inputs`, but the adapter bound scales them");
  if (scale && static_cast<int64_t>(scale->values.size()) != x.columns())
    return op.emitOpError("scales ") << scale->values.size() << " inputs of " << x.columns();
  for (int64_t m = 0; scale && m < x.rows(); ++m)
    for (int64_t k = 0; k < x.columns(); ++k)
      x.at(m, k) *= scale->values[k];
  return x;
}

// g of each output that takes part: given, or of the bound adapter by the
// whole pristine weight, or ones.
static FailureOr<std::vector<double>> gainOf(Frame &frame, xf::LoraLinearOp op, const Part &part, int64_t width) {
  std::vector<double> ones(width, 1.0);
  if (op.getGain())
    return column(frame, op, op.getGain(), part, width);
  LowRank slot = op.getSlot() ? frame.lowRank(op.getSlot()) : nullptr;
  if (!op.getScaled()) {
    if (slot && isScaling(*slot))
      return op.emitOpError("is not `scaled`, but the adapter bound scales");
    return ones;
  }
  if (!op.getSlot())
    return op.emitOpError("is `scaled` and has factors, but no gain");
  if (!slot || !isScaling(*slot))
    return ones;
  const Array &w = frame.array(op.getWeight());
  auto type = cast<xf::LowRankType>(op.getSlot().getType());
  SmallVector<int64_t> shape{type.getOut(), type.getIn()};
  if (op.getInOut())
    std::swap(shape[0], shape[1]);
  if (w.shape != shape)
    return op.emitOpError("expects a weight of shape ")
           << format(shape) << " for " << type << ", found " << format(w.shape);
  Array g = gain(w, *slot, op.getInOut() ? Orientation::InOut : Orientation::OutIn);
  return column(op, g, /*packed=*/false, part, width);
}

static LogicalResult loraLinear(Frame &frame, xf::LoraLinearOp op) {
  Part part{op.getInOut(), op.getRows()};
  FailureOr<Array> scaled = scaledInputs(frame, op);
  if (failed(scaled))
    return failure();
  const Array &x = *scaled;
  FailureOr<ArrayPtr> w = matrix(frame, op, op.getWeight(), part);
  if (failed(w) || failed(checkColumns(op, x, **w)))
    return failure();
  auto factors = factorsOf(frame, op, part, x.columns());
  if (failed(factors))
    return failure();
  auto &[a, b] = *factors;
  if (a.shape.size() != 2 || b.shape.size() != 2 || a.columns() != x.columns() || a.shape[0] != b.shape[1] ||
      b.shape[0] != (*w)->shape[0])
    return op.emitOpError("has factors of shapes ")
           << format(a.shape) << " and " << format(b.shape) << " for a weight of shape " << format((*w)->shape);
  auto g = gainOf(frame, op, part, b.shape[0]);
  if (failed(g))
    return failure();
  Type type = xf::productType(op.getProductTypeAttr(), op.getContext());
  Array y = product(x, **w, type);
  Array change = product(product(x, a, type), b, type);
  for (int64_t m = 0; m < y.rows(); ++m)
    for (int64_t n = 0; n < y.columns(); ++n)
      y.at(m, n) = (*g)[n] * (y.at(m, n) + change.at(m, n));
  if (failed(addBias(frame, op, op.getBias(), part, y)))
    return failure();
  return frame.set(op.getResult(), std::move(y));
}

// The row of every id of a position that exists, zeros elsewhere.
static FailureOr<Array> lookup(Operation *op, const Integers &ids, const Array &table, const Mask &mask) {
  if (ids.shape != SmallVector<int64_t>{mask.sequences, mask.length})
    return op->emitOpError("has ids of shape ")
           << format(ids.shape) << " under a mask of shape " << format({mask.sequences, mask.length});
  if (table.shape.size() != 2)
    return op->emitOpError("expects a table [V,D], found shape ") << format(table.shape);
  Array result({mask.sequences, mask.length, table.columns()});
  for (auto [row, id] : llvm::enumerate(ids.values)) {
    if (!mask.exists(row / mask.length, row % mask.length))
      continue;
    if (id < 0 || id >= table.shape[0])
      return op->emitOpError("has the id ") << id << ", the table has " << table.shape[0] << " rows";
    std::copy_n(table.row(id), table.columns(), result.row(row));
  }
  return result;
}

static LogicalResult embedding(Frame &frame, xf::EmbeddingOp op) {
  FailureOr<Array> result =
      lookup(op, frame.integers(op.getIds()), frame.array(op.getTable()), frame.mask(op.getMask()));
  if (failed(result))
    return failure();
  return frame.set(op.getResult(), std::move(*result));
}

static LogicalResult loraEmbedding(Frame &frame, xf::LoraEmbeddingOp op) {
  auto type = cast<xf::LowRankType>(op.getSlot().getType());
  const LowRank &slot = frame.lowRank(op.getSlot());
  const Array &table = frame.array(op.getTable());
  if (table.shape != SmallVector<int64_t>{type.getIn(), type.getOut()})
    return op.emitOpError("expects a table of shape ")
           << format({type.getIn(), type.getOut()}) << " for " << type << ", found " << format(table.shape);
  if (slot && isScaling(*slot) && !op.getScaled())
    return op.emitOpError("is not `scaled`, but the adapter bound scales");
  const Integers &ids = frame.integers(op.getIds());
  const Mask &mask = frame.mask(op.getMask());
  FailureOr<Array> result = lookup(op, ids, table, mask);
  if (failed(result))
    return failure();
  Type product = xf::productType(op.getProductTypeAttr(), op.getContext());
  auto factor = [&](int64_t d, int64_t r) { return roundTo(product, slot->scale * slot->b.at(d, r)); };
  for (int64_t row = 0; slot && row < result->rows(); ++row) {
    if (!mask.exists(row / mask.length, row % mask.length))
      continue;
    for (int64_t d = 0; d < result->columns(); ++d) {
      double sum = 0;
      for (int64_t r = 0; r < slot->a.shape[0]; ++r)
        sum += factor(d, r) * roundTo(product, slot->a.at(r, ids.values[row]));
      result->at(row, d) += sum;
    }
  }
  if (slot && isScaling(*slot)) {
    Array g = gain(table, *slot, Orientation::InOut);
    for (int64_t row = 0; row < result->rows(); ++row)
      for (int64_t d = 0; d < result->columns(); ++d)
        result->at(row, d) *= g.values[d];
  }
  return frame.set(op.getResult(), std::move(*result));
}

void interp::addLinear(Table &table) {
  table.add<linear>();
  table.add<loraLinear>();
  table.add<embedding>();
  table.add<loraEmbedding>();
}
