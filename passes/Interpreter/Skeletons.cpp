// The skeletons of stage. Each computes the element it is about, then its
// region says what becomes of it.
#include "passes/Interpreter/Pool.h"
#include "passes/Interpreter/Product.h"
#include "passes/Interpreter/Scalar.h"

#include <cmath>

using namespace mlir;
using namespace ptx;
using namespace ptx::interp;

static LogicalResult checkExtra(Operation *op, mlir::Value extra, const Array &array, int64_t rows, int64_t columns) {
  auto packed = dyn_cast<xf::PackedType>(extra.getType());
  if (packed && packed.getLayout() != xf::Layout::Vector)
    return op->emitOpError("takes rows or a vector as extra, found ") << packed;
  SmallVector<int64_t> expected{rows, columns};
  if (packed)
    expected = {columns};
  if (array.shape == expected)
    return success();
  return op->emitOpError("expects an extra of shape ") << format(expected) << ", found " << format(array.shape);
}

// Runs the region for every element of `subjects`, arrays of one shape, and
// the extras: rows give element [m,n], a vector gives element [n].
static FailureOr<Array> apply(Frame &frame, Operation *op, Region &region, llvm::ArrayRef<Array> subjects,
                              OperandRange extras) {
  Array result(subjects.front().shape);
  SmallVector<const Array *> arrays;
  for (const Array &subject : subjects)
    arrays.push_back(&subject);
  for (mlir::Value extra : extras) {
    arrays.push_back(&frame.array(extra));
    if (failed(checkExtra(op, extra, *arrays.back(), result.rows(), result.columns())))
      return failure();
  }
  FailureOr<ScalarProgram> program = ScalarProgram::compile(frame, op, region, arrays.size());
  if (failed(program))
    return failure();
  for (int64_t m = 0; m < result.rows(); ++m)
    for (int64_t n = 0; n < result.columns(); ++n) {
      for (auto [i, array] : llvm::enumerate(arrays))
        program->arguments()[i] = array->shape.size() == 1 ? array->values[n] : array->at(m, n);
      result.at(m, n) = program->run();
    }
  return result;
}

static LogicalResult setApplied(Frame &frame, Operation *op, Region &region, llvm::ArrayRef<Array> subjects,
                                OperandRange extras) {
  FailureOr<Array> result = apply(frame, op, region, subjects, extras);
  if (failed(result))
    return failure();
  return frame.set(op->getResult(0), std::move(*result));
}

static LogicalResult checkRows(Operation *op, const Array &x) {
  if (x.shape.size() == 2)
    return success();
  return op->emitOpError("expects rows [M,N], found shape ") << format(x.shape);
}

static LogicalResult checkProduct(Operation *op, const Array &x, const Array &w) {
  if (failed(checkRows(op, x)) || failed(checkRows(op, w)))
    return failure();
  if (x.columns() == w.columns())
    return success();
  return op->emitOpError("multiplies rows of ") << x.columns() << " columns and a weight of " << w.columns();
}

static LogicalResult contract(Frame &frame, stage::ContractOp op) {
  const Array &x = frame.array(op.getX());
  const Array &w = frame.array(op.getWeight());
  if (failed(checkProduct(op, x, w)))
    return failure();
  Type type = cast<xf::PackedType>(op.getWeight().getType()).getElementType();
  Array sums = product(x, w, type);
  if (static_cast<bool>(op.getU()) != static_cast<bool>(op.getB()))
    return op.emitOpError("takes both rows and a weight after `plus`");
  if (op.getU()) {
    const Array &u = frame.array(op.getU());
    const Array &b = frame.array(op.getB());
    if (failed(checkProduct(op, u, b)))
      return failure();
    Array more = product(u, b, type);
    if (more.shape != sums.shape)
      return op.emitOpError("adds sums of shapes ") << format(sums.shape) << " and " << format(more.shape);
    for (auto [sum, change] : llvm::zip(sums.values, more.values))
      sum += change;
  }
  return setApplied(frame, op, op.getBody(), sums, op.getExtras());
}

static LogicalResult attention(Frame &frame, stage::AttentionOp op) {
  Type type = xf::productType(op.getProductTypeAttr(), op.getContext());
  const Array q = rounded(frame.array(op.getQuery()), type);
  const Array k = rounded(frame.array(op.getKey()), type);
  const Array v = rounded(frame.array(op.getValue()), type);
  const Space &queries = frame.space(op.getQuerySpace());
  const Space &keys = frame.space(op.getKeySpace());
  int64_t heads = op.getHeads();
  SmallVector<int64_t> keyShape{keys.rows(), q.columns()};
  if (q.shape != SmallVector<int64_t>{queries.rows(), q.columns()} || k.shape != keyShape || v.shape != keyShape ||
      heads < 1 || q.columns() % heads || queries.sequences != keys.sequences)
    return op.emitOpError("has shapes ") << format(q.shape) << ", " << format(k.shape) << ", " << format(v.shape)
                                         << " for " << heads << " heads over spaces of " << queries.rows() << " and "
                                         << keys.rows() << " rows in " << queries.sequences << " and " << keys.sequences
                                         << " sequences";
  Array result(q.shape);
  for (int64_t row = 0; row < q.rows(); ++row) {
    int64_t b = queries.sequence[row];
    SmallVector<int64_t> seen;
    for (int64_t key = keys.begin[b]; key < keys.begin[b] + keys.keys[b]; ++key)
      if (!op.getCausal() || keys.position[key] <= queries.position[row])
        seen.push_back(key);
    attend(q, k, v, {row, seen}, heads, op.getScale().convertToDouble(), type, result);
  }
  return frame.set(op.getResult(), std::move(result));
}

// What is subtracted from a row, and what it is then divided by.
static std::pair<double, double> normOf(stage::Norm norm, const double *x, int64_t count, double eps) {
  double mean = 0, squares = 0, width = count;
  if (norm == stage::Norm::Layer)
    for (int64_t c = 0; c < count; ++c)
      mean += x[c] / width;
  for (int64_t c = 0; c < count; ++c)
    squares += (x[c] - mean) * (x[c] - mean);
  if (norm == stage::Norm::L2)
    return {0.0, std::max(std::sqrt(squares), eps)};
  return {mean, std::sqrt(squares / width + eps)};
}

static LogicalResult rowNorm(Frame &frame, stage::RowNormOp op) {
  Array x = frame.array(op.getX());
  if (failed(checkRows(op, x)))
    return failure();
  for (int64_t m = 0; m < x.rows(); ++m) {
    auto [shift, divisor] = normOf(op.getNorm(), x.row(m), x.columns(), op.getEps().convertToDouble());
    for (int64_t c = 0; c < x.columns(); ++c)
      x.at(m, c) = (x.at(m, c) - shift) / divisor;
  }
  return setApplied(frame, op, op.getBody(), x, op.getExtras());
}

// Rows of a table. -1, the first row of a sequence that has none, gives zeros.
static FailureOr<Array> take(stage::GatherOp op, const Array &table, const Integers &index) {
  if (failed(checkRows(op, table)))
    return failure();
  if (index.shape.size() != 1)
    return op.emitOpError("expects indices [M], found shape ") << format(index.shape);
  Array result({index.shape[0], table.columns()});
  for (auto [row, at] : llvm::enumerate(index.values)) {
    if (at < -1 || at >= table.shape[0])
      return op.emitOpError("has the index ") << at << ", the table has " << table.shape[0] << " rows";
    if (at >= 0)
      std::copy_n(table.row(at), table.columns(), result.row(row));
  }
  return result;
}

static LogicalResult gather(Frame &frame, stage::GatherOp op) {
  if (op.getTables().empty() || op.getTables().size() != op.getIndices().size())
    return op.emitOpError("C1: ") << op.getTables().size() << " tables, " << op.getIndices().size() << " indices";
  SmallVector<Array> taken;
  for (auto [table, index] : llvm::zip(op.getTables(), op.getIndices())) {
    FailureOr<Array> rows = take(op, frame.array(table), frame.integers(index));
    if (failed(rows))
      return failure();
    taken.push_back(std::move(*rows));
    if (taken.back().shape != taken.front().shape)
      return op.emitOpError("gathers rows of shapes ")
             << format(taken.front().shape) << " and " << format(taken.back().shape);
  }
  return setApplied(frame, op, op.getBody(), taken, op.getExtras());
}

static LogicalResult pool(Frame &frame, stage::PoolOp op) {
  const Array &x = frame.array(op.getX());
  const Space &space = frame.space(op.getSpace());
  if (failed(checkRows(op, x)))
    return failure();
  if (x.shape[0] != space.rows())
    return op.emitOpError("has ") << x.shape[0] << " rows over a space of " << space.rows();
  Array result({space.sequences, x.columns()});
  for (int64_t b = 0; b < space.sequences; ++b) {
    SmallVector<VisibleRow> rows;
    for (int64_t row = space.begin[b]; row < space.begin[b] + space.keys[b]; ++row)
      rows.push_back({row, space.position[row]});
    poolRows(op.getKind(), x, rows, b, result);
  }
  return frame.set(op.getResult(), std::move(result));
}

static LogicalResult greatest(Frame &frame, stage::GreatestOp op) {
  const Array &x = frame.array(op.getX());
  if (failed(checkRows(op, x)))
    return failure();
  return frame.set(op.getResult(), datum(greatestOf(x)));
}

static LogicalResult concat(Frame &frame, stage::ConcatOp op) {
  SmallVector<const Array *> parts;
  for (mlir::Value part : op.getParts())
    parts.push_back(&frame.array(part));
  FailureOr<Array> result = concatColumns(op, parts);
  if (failed(result))
    return failure();
  return frame.set(op.getResult(), std::move(*result));
}

static LogicalResult map(Frame &frame, stage::MapOp op) {
  const Array &x = frame.array(op.getX());
  if (failed(checkRows(op, x)))
    return failure();
  return setApplied(frame, op, op.getBody(), x, op.getExtras());
}

/// A packed weight as [K,N], and back; what is packed is [N,K], a table [K,N].
static Array turned(const Array &x, xf::Layout layout) {
  if (layout == xf::Layout::Table)
    return x;
  if (layout == xf::Layout::Vector) {
    Array y = x;
    x.shape.size() == 1 ? y.shape.insert(y.shape.begin(), 1) : y.shape.erase(y.shape.begin());
    return y;
  }
  Array y({x.columns(), x.rows()});
  for (int64_t m = 0; m < x.rows(); ++m)
    for (int64_t n = 0; n < x.columns(); ++n)
      y.at(n, m) = x.at(m, n);
  return y;
}

/// The base as [K,N], and beside it the rows of A^T times the rows of s B.
static FailureOr<SmallVector<Array>> foldOperands(Frame &frame, stage::FoldOpInterface op) {
  const Array &base = frame.array(op.getBase());
  xf::Layout layout = cast<xf::PackedType>(op.getBase().getType()).getLayout();
  SmallVector<Array> result{turned(base, layout)};
  result.push_back(Array(result[0].shape, -0.0));
  if (!op.getA())
    return result;
  const Array &a = frame.array(op.getA()), &b = frame.array(op.getB());
  if (failed(checkProduct(op, a, b)))
    return failure();
  result[1] = product(a, b, Float32Type::get(op.getContext()));
  if (result[0].shape != result[1].shape)
    return op.emitOpError("folds sums of shape ") << format(result[1].shape) << " into " << format(base.shape);
  return result;
}

static LogicalResult fold(Frame &frame, stage::FoldOp op) {
  FailureOr<SmallVector<Array>> elements = foldOperands(frame, op);
  if (failed(elements))
    return failure();
  FailureOr<Array> result = apply(frame, op, op.getBody(), *elements, op.getExtras());
  if (failed(result))
    return failure();
  const Array *inputs = op.getInputs() ? &frame.array(op.getInputs()) : nullptr;
  if (inputs && static_cast<int64_t>(inputs->values.size()) != result->rows())
    return op.emitOpError("expects ") << result->rows() << " inputs, found " << inputs->values.size();
  for (int64_t k = 0; inputs && k < result->rows(); ++k)
    for (int64_t n = 0; n < result->columns(); ++n)
      result->at(k, n) *= inputs->values[k];
  if (failed(checkFinite(op, *result)))
    return failure();
  xf::PackedType type = op.getType();
  return frame.set(op.getResult(), rounded(turned(*result, type.getLayout()), type.getElementType()));
}

static LogicalResult foldNorm(Frame &frame, stage::FoldNormOp op) {
  FailureOr<SmallVector<Array>> elements = foldOperands(frame, op);
  if (failed(elements))
    return failure();
  const Array &base = (*elements)[0], &sums = (*elements)[1];
  Array norms({1, base.columns()});
  for (int64_t n = 0; n < base.columns(); ++n) {
    double squares = 0;
    for (int64_t k = 0; k < base.rows(); ++k)
      squares += std::pow(base.at(k, n) + sums.at(k, n), 2);
    norms.at(0, n) = std::sqrt(squares);
  }
  FailureOr<Array> result = apply(frame, op, op.getBody(), norms, op.getExtras());
  if (failed(result) || failed(checkFinite(op, *result)))
    return failure();
  return frame.set(op.getResult(), turned(*result, xf::Layout::Vector));
}

void interp::addSkeletons(Table &table) {
  table.add<contract>();
  table.add<attention>();
  table.add<rowNorm>();
  table.add<gather>();
  table.add<pool>();
  table.add<greatest>();
  table.add<concat>();
  table.add<map>();
  table.add<fold>();
  table.add<foldNorm>();
}
